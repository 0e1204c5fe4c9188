"""The command `quotakeeper config`: options, action and output."""
