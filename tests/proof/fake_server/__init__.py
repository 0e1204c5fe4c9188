"""A PostgreSQL server in memory, which loses, repeats and delays messages as a script says."""
