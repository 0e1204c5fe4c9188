"""The command `quotakeeper today`: options, action and output."""
