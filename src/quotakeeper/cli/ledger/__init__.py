"""The command `quotakeeper ledger`: options, action and output."""
