"""The command `quotakeeper init`: options, action and output."""
