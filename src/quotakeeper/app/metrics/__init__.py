"""Figures of a ledger for monitoring systems."""
