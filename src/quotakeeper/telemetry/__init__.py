"""Makes figures for monitoring systems from sums and states of the ledger. It reads no ledger."""
