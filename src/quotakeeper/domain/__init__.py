"""The ledger's rules as pure functions over plain values: no clock, disk, network or environment."""
