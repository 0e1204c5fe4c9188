-- A step of the tests alone: version 3 of all functions stands beside version 2. A batch says which
-- version has posted it.
ALTER TABLE batch ADD COLUMN functions bigint NOT NULL DEFAULT 2;
DO $do$
DECLARE
  found record;
BEGIN
  FOR found IN SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc AS p
               WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE '%\_v2' LOOP
    EXECUTE replace(replace(replace(found.text, '_v2(', '_v3('),
      E'INSERT INTO batch (id, first_seq, last_seq, at)\n',
      E'INSERT INTO batch (id, first_seq, last_seq, at, functions)\n'),
      'h.seq + count_of_entries, now_at);', 'h.seq + count_of_entries, now_at, 3);');
  END LOOP;
END $do$;
