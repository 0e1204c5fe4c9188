"""The command `quotakeeper prices`: options, action and output."""
