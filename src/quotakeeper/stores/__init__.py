"""Ledger stores. Each store implements the `Store` ports, and one contract suite tests all of them."""
