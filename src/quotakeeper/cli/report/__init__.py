"""The command `quotakeeper report`: options, action and output."""
