"""The command `quotakeeper plan`: options, action and output."""
