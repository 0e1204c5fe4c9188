"""Files beside the ledger: spooled calls, and the journal of a lease."""
