"""The command `quotakeeper verify`: options, action and output."""
