"""The life of a metered call: reserved, sent, read, settled. This package names no HTTP library."""
