"""SQL code that every database shares: cached state, rows, sums, and compaction."""
