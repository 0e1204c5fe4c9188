"""The command `quotakeeper export`: options, action and output."""
