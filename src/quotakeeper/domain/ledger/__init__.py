"""The rules of the ledger: commands in, outcomes and entries out."""
