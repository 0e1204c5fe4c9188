"""Leases: blocks of a limit that a process admits calls on in memory."""
