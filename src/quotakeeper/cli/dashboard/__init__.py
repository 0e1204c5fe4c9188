"""The command `quotakeeper dashboard`: options, action and output."""
