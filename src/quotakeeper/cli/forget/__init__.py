"""The command `quotakeeper forget`: options, action and output."""
