"""The rules of the ledger: they turn commands into outcomes and journal entries."""
