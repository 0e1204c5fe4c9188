"""Files beside the ledger: spooled calls, notes of ended calls, and lease journals."""
