"""SQL code that all databases share: cached state, rows, sums, and compaction."""
