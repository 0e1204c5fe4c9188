"""The command `quotakeeper doctor`: options, action and output."""
