"""The command `quotakeeper alerts`: options, action and output."""
