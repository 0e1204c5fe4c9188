"""The ledger in a PostgreSQL database, through the driver psycopg 3. For use from several machines."""
