"""The command `quotakeeper sandbox`: options, action and output."""
