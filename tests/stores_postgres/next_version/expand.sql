-- A step of the tests alone: version 2 of all functions stands beside version 1. A batch says which
-- version has posted it.
ALTER TABLE batch ADD COLUMN functions bigint NOT NULL DEFAULT 1;
DO $do$
DECLARE
  found record;
BEGIN
  FOR found IN SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc AS p
               WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE '%\_v1' LOOP
    EXECUTE replace(replace(replace(found.text, '_v1(', '_v2('),
      'INSERT INTO batch (id, first_seq, last_seq, at)',
      'INSERT INTO batch (id, first_seq, last_seq, at, functions)'),
      'h.seq + count_of_entries, now_at);', 'h.seq + count_of_entries, now_at, 2);');
  END LOOP;
END $do$;
