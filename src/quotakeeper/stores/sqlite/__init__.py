"""The ledger in one SQLite file: WAL, STRICT, one writer at a time by our own file lock."""
