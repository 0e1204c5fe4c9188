"""The worker: the one thread that owns the store."""
