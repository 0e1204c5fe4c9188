"""Use cases: the standard library only, no terminal and no HTTP."""
