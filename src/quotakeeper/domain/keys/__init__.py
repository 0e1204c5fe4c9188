"""Virtual keys: their text, what each may do, and how a change of a key is recorded."""
