"""The command `quotakeeper serve`: options, action and output."""
