"""The command `quotakeeper translate`: options, action and output."""
