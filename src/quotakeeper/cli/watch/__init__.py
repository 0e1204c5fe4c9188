"""The command `quotakeeper watch`: options, action and output."""
