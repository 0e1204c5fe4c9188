"""The command `quotakeeper resume`: options, action and output."""
