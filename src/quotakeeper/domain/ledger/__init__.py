"""The rules of the ledger. They turn commands into outcomes and journal entries."""
