"""Homes of the ledger: each keeps the same state machine, held to it by one contract suite."""
