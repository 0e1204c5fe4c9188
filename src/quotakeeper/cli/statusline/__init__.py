"""The command `quotakeeper statusline`: options, action and output."""
