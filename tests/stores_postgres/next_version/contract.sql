-- A step of the tests alone: version 2 of the functions goes.
DO $do$
DECLARE
  found regprocedure;
BEGIN
  FOR found IN SELECT p.oid FROM pg_proc AS p
               WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE '%\_v2' LOOP
    EXECUTE format('DROP FUNCTION %s', found);
  END LOOP;
END $do$;
