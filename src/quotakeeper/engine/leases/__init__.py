"""Leases: reserved parts of a limit, on which a process admits calls in memory."""
