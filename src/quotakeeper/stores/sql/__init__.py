"""What any SQL dialect shares: the cached state, rows, sums, compaction."""
