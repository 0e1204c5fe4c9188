"""The engine: one thread owns the store; callers of any colour hand it commands and wait."""
