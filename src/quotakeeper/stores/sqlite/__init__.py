"""The ledger in one SQLite file: WAL mode, STRICT tables, and a file lock for writers."""
