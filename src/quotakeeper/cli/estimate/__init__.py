"""The command `quotakeeper estimate`: options, action and output."""
