"""The command `quotakeeper tokens`: options, action and output."""
