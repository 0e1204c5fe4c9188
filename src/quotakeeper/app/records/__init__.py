"""Exports the ledger's data for other programs as NDJSON, JSON and CSV.

Events are written one at a time, so memory use does not depend on the size of the ledger.
"""
