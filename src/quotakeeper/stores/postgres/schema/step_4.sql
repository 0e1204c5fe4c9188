-- Step 4: version 1 of the functions goes, and with it the right of others than the owner to change a
-- table. The right to read stays.
DROP FUNCTION lock_v1, look_v1, see_v1, leave_v1, recall_v1, post_v1;
DO $$
DECLARE other oid;
BEGIN
  FOR other IN SELECT DISTINCT a.grantee FROM pg_class AS c, aclexplode(c.relacl) AS a
               WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
                 AND a.grantee NOT IN (0, c.relowner) LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER '
                   'ON ALL TABLES IN SCHEMA %I FROM %s', current_schema(), other::regrole);
  END LOOP;
END $$;
