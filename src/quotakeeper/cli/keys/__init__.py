"""The command `quotakeeper keys`: options, action and output."""
