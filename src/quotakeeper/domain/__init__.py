"""The ledger's rules as pure functions on plain values. Uses no clock, disk, network or
environment.
"""
