"""The command `quotakeeper compact`: options, action and output."""
