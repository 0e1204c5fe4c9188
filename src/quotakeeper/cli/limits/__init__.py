"""The command `quotakeeper limits`: options, action and output."""
