"""The command `quotakeeper status`: options, action and output."""
