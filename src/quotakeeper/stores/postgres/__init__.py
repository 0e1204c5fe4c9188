"""The ledger of a team: in PostgreSQL, over the driver psycopg 3."""
