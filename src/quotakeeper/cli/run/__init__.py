"""The command `quotakeeper run`: options, action and output."""
