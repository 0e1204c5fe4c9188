"""The command `quotakeeper backup`: options, action and output."""
