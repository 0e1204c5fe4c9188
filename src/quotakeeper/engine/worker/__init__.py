"""The one thread that owns the store, and what it does."""
