-- What PostgreSQL needs in words of its own. `vN` is the version of the functions that this program
-- calls. A statement that takes lists has `unnest` or `ANY`: it is carried out once for many rows,
-- where the shared one is carried out for each.

-- name: begin_write
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

-- name: begin_read
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- Settings that end with the transaction, so that a pooler may give the connection to others then.
-- A host that stops in the middle loses its lock after two seconds.
-- name: set_locally
SELECT set_config('search_path', quote_ident(:schema) || ', pg_temp', true),
       set_config('lock_timeout', :patience, true),
       set_config('idle_in_transaction_session_timeout', '2000', true)

-- name: set_path
SELECT set_config('search_path', quote_ident(:schema) || ', pg_temp', true)

-- name: lock_head
SELECT seq, high_water, version, account_version, recalls, now_at FROM lock_vN(:asked_at)

-- name: look_head
SELECT seq, high_water, version, account_version, recalls, now_at FROM look_vN(:asked_at)

-- name: set_head
SELECT set_head_vN(?, ?)

-- name: head_differs
SELECT h.seq, h.high_water, e.seq, e.at
FROM head AS h LEFT JOIN (SELECT seq, at FROM entry ORDER BY seq DESC LIMIT 1) AS e ON true
WHERE h.seq <> coalesce(e.seq, 0) OR h.high_water <> coalesce(e.at, 0)

-- A lease is known by its id; the column is an index for it.
-- name: lease_differs
SELECT h.seq, e.id, h.lease FROM hold AS h JOIN entry AS e ON e.seq = h.seq
WHERE h.lease <> coalesce(starts_with(e.id, 'quotakeeper-lease:'), false) ORDER BY h.seq

-- name: add_batch
SELECT add_batch_vN(?, ?, ?, ?)

-- name: batch
SELECT first_seq, last_seq FROM batch WHERE id = ?

-- name: drop_batches
SELECT drop_batches_vN(?)

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- The text of the sums of a slot, as stores/sql/codes.py reads it: the costs come last.
-- fragment: slots
SELECT s.slot_at, s.labels_id, s.provenance, s.outcome, s.calls, s.unpriced,
       (SELECT coalesce(string_agg(p.code || p.amount, '' ORDER BY p.code), 'z0')
        FROM slot_part AS p
        WHERE p.slot_at = s.slot_at AND p.labels_id = s.labels_id AND p.provenance = s.provenance
          AND p.outcome = s.outcome AND (p.amount > 0 OR p.code = 'z'))
FROM slot AS s

-- name: openings_by_id
SELECT {entry_columns}
FROM entry WHERE id = ANY (?)

-- name: openings_by_seq
SELECT {entry_columns}
FROM entry WHERE seq = ANY (?)

-- name: ends_of
SELECT {entry_columns}
FROM entry WHERE ref = ANY (?) AND {only_ends}

-- name: holds_of
SELECT seq, owner, expires_at, sent, quantities, cost_pico FROM hold WHERE seq = ANY (?)

-- name: accounts
SELECT account_id, meter, "window", timezone, provider, model, operation, scope, per, since_at
FROM account WHERE account_id > ? ORDER BY account_id

-- name: balances_of
SELECT b.account_id, b.start_at, b.settled, b.reserved, b.overage
FROM unnest(?::bigint[], ?::bigint[]) AS wanted (account_id, start_at) JOIN balance AS b
  ON b.account_id = wanted.account_id AND b.start_at = wanted.start_at

-- name: balances_after_each
SELECT b.account_id, b.start_at, b.settled, b.reserved, b.overage
FROM unnest(?::bigint[], ?::bigint[]) AS wanted (account_id, after) JOIN balance AS b
  ON b.account_id = wanted.account_id AND b.start_at > wanted.after

-- name: labels_find
SELECT labels_id FROM labels
WHERE provider = ? AND model = ? AND operation = ? AND scope = ?

-- name: labels_by_ids
SELECT labels_id, provider, model, operation, scope FROM labels WHERE labels_id = ANY (?)

-- name: labels_find_all
SELECT l.labels_id, l.provider, l.model, l.operation, l.scope
FROM unnest(?::text[], ?::text[], ?::text[], ?::text[]) AS wanted (provider, model, operation, scope)
JOIN labels AS l
  ON l.provider = wanted.provider AND l.model = wanted.model AND l.operation = wanted.operation
  AND l.scope = wanted.scope

-- name: words_by_ids
SELECT word_id, text FROM word WHERE word_id = ANY (?)

-- name: words_find_all
SELECT word_id, text FROM word WHERE text = ANY (?)

-- name: add_labels
SELECT add_labels_vN(?, ?, ?, ?)

-- name: add_word
SELECT add_word_vN(?)

-- name: add_account
SELECT add_account_vN(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: add_entry
SELECT add_entries_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[],
  ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::text[], ?::bigint[], ?::bigint[], ?::bigint[])

-- name: put_balance
SELECT put_balances_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])

-- name: put_hold
SELECT put_holds_vN(?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[])

-- name: leases
SELECT seq FROM hold WHERE lease ORDER BY seq

-- name: leases_of
SELECT e.seq, w.text FROM entry AS e JOIN word AS w ON w.word_id = e.owner_id
WHERE e.id >= 'quotakeeper-lease:' AND e.id < 'quotakeeper-lease;' AND w.text = ANY (?)
ORDER BY e.seq

-- Processes that use the ledger. The row of this process comes with the head row.
-- name: own_owner
SELECT ended_at IS NULL FROM owner WHERE name = ?

-- name: add_owner
SELECT add_owner_vN(?, ?, ?, ?, ?, ?)

-- name: see_owner
SELECT seen_owner_vN(?, ?)

-- name: set_back_owners
UPDATE owner SET seen_at = :to WHERE seen_at > :to

-- A process that is counted as ended gets a number behind `~` when it comes back.
-- name: owners_named
SELECT name, seen_at, ended_at FROM lock_owners_vN(?::text[])

-- name: end_owners
SELECT end_owners_vN(?, ?::text[])

-- name: drop_owners
SELECT drop_owners_vN(?)

-- name: holding_owners
SELECT DISTINCT h.owner, o.name IS NULL OR (o.ended_at IS NULL AND o.seen_at > ?)
FROM hold AS h LEFT JOIN owner AS o ON o.name = h.owner

-- name: all_owners
SELECT name, host, boot, since_at, seen_at, ended_at FROM owner ORDER BY host, since_at, name

-- name: see
SELECT recalls, is_known FROM ledger_schema.see_vN(?, ?)

-- name: recall
SELECT recalls FROM ledger_schema.recall_vN()

-- name: leave
SELECT is_holding FROM ledger_schema.leave_vN(?)

-- name: drop_hold
SELECT drop_holds_vN(?::bigint[])

-- name: drop_entry
DELETE FROM entry WHERE seq IN (SELECT unnest(?::bigint[]))

-- name: add_to_slot
SELECT add_to_slots_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::bigint[])

-- name: add_to_slot_part
SELECT add_to_slot_parts_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[],
  ?::text[])

-- name: drop_empty_slot
SELECT drop_empty_slots_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])

-- name: slots_between
{slots}
WHERE s.slot_at >= ? AND s.slot_at < ?
ORDER BY s.slot_at, s.labels_id, s.provenance, s.outcome

-- name: unpriced_slots
{slots}
WHERE s.slot_at >= ? AND s.unpriced > 0
ORDER BY s.slot_at, s.labels_id, s.provenance, s.outcome

-- name: add_notice
SELECT add_notice_vN(?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: add_crossing
SELECT add_crossing_vN(?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_mark
SELECT put_mark_vN(?, ?, ?, ?, ?, ?, ?)

-- name: carry_balance
SELECT carry_balance_vN(?, ?, ?, ?)

-- name: drop_quotas
SELECT drop_quotas_vN(?)

-- name: put_reading
SELECT put_reading_vN(?, ?, ?)

-- name: drop_readings
SELECT drop_readings_vN(?)

-- name: put_verified
SELECT put_verified_vN(?, ?, ?, ?, ?)

-- name: put_verified_mark
SELECT put_verified_mark_vN(?, ?, ?, ?, ?, ?, ?)

-- name: drop_verified_balance
SELECT drop_verified_balance_vN(?, ?)

-- name: drop_verified_mark
SELECT drop_verified_mark_vN(?, ?, ?, ?)

-- name: put_slot
SELECT put_slot(?, ?, ?, ?, ?, ?, ?)

-- name: add_pace
SELECT add_pace_vN(?::bigint[], ?::bigint[], ?::bigint[])

-- name: put_quota
SELECT put_quota_vN(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: quotas
SELECT provider, model, quota_id, meter, "window", amount, remaining, resets_at, source, seen_at
FROM quota_seen ORDER BY provider, model, quota_id

-- name: begin_rewriting
INSERT INTO rewriting (since_seq) VALUES (?)

-- name: end_rewriting
DELETE FROM rewriting

-- name: set_back_entries
UPDATE entry
SET expires_at = expires_at - (at - :to),
    booked_at = CASE WHEN booked_at > :to THEN :to ELSE booked_at END, at = :to
WHERE at > :to

-- name: has_ledger
SELECT to_regclass(quote_ident(:schema) || '.meta') IS NOT NULL, current_setting('server_encoding'),
       current_setting('server_version_num')::bigint

-- What `ledger check` reports: settings of the server, and the rights of this user.
-- name: server_facts
SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,
       current_setting('server_encoding'), current_setting('fsync') = 'on',
       current_setting('full_page_writes') = 'on', current_setting('synchronous_commit'),
       current_setting('synchronous_standby_names'), pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on', current_user::text,
       current_setting('max_connections')::bigint,
       (SELECT sum(numbackends)::bigint FROM pg_stat_database),
       has_database_privilege(current_database(), 'CREATE'),
       floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint

-- Functions that run with their owner's rights came with step 3. Before it, a right on the table decides.
-- name: rights_on_ledger
SELECT has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
       coalesce((SELECT bool_or(has_function_privilege(p.oid, 'EXECUTE')) FROM pg_proc AS p
                 WHERE p.pronamespace = n.oid AND p.prosecdef AND starts_with(p.proname::text, 'lock_v')),
                has_table_privilege(c.oid, 'UPDATE'))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = 'head'

-- No row: there are no virtual keys. Nobody needs a right to ask this.
-- name: rights_on_keys
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relname = 'virtual_key'

-- Whoever changes virtual keys has this lock to the end of its transaction.
-- name: lock_keys
SELECT pg_advisory_xact_lock(hashtext('quotakeeper: keys ' || :schema))

-- name: set_patience
SELECT set_config('lock_timeout', :patience, true)

-- A ledger is taken over from another database.
-- name: lock_for_copy
SELECT seq FROM head FOR UPDATE

-- name: is_used
SELECT EXISTS (SELECT FROM entry) OR EXISTS (SELECT FROM account) OR EXISTS (SELECT FROM labels)
    OR EXISTS (SELECT FROM word) OR EXISTS (SELECT FROM quota_seen)

-- name: number_on
SELECT setval(pg_get_serial_sequence('TABLE', 'TABLE_id'),
              (SELECT coalesce(max(TABLE_id), 1) FROM TABLE), EXISTS (SELECT FROM TABLE))

-- name: journal_ends
SELECT count(*)::bigint, coalesce(max(seq), 0), coalesce(max(at), 0) FROM entry

-- name: schema_of
SELECT value,
       coalesce(has_function_privilege(to_regprocedure('lock_vN(bigint)'), 'EXECUTE'), false),
       (SELECT o.value FROM meta AS o WHERE o.key = 'oldest_functions')
FROM meta WHERE key = 'schema'

-- Around a step of the schema, whose numbers are put in. The commit under way ends before the step.
-- name: begin_step
DO $$ BEGIN
  PERFORM 1 FROM head FOR UPDATE;
  IF NOT EXISTS (SELECT FROM meta WHERE key = 'schema' AND value = 'STEP_BEFORE') THEN
    RAISE EXCEPTION 'this step is for another schema version';
  END IF;
END $$

-- Everybody may execute a new function. Those that run with the rights of their owner are for the roles
-- that count calls: they have such functions already, or, before step 3, a right to add entries.
-- name: give_rights
DO $$
DECLARE
  counting oid[] := ARRAY(
    SELECT a.grantee FROM pg_class AS c, aclexplode(c.relacl) AS a
    WHERE c.oid = 'entry'::regclass AND a.privilege_type = 'INSERT'
      AND a.grantee NOT IN (0, c.relowner)
    UNION
    SELECT a.grantee FROM pg_proc AS p, aclexplode(p.proacl) AS a
    WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef
      AND a.grantee NOT IN (0, p.proowner));
  writing regprocedure;
  who oid;
BEGIN
  FOR writing IN SELECT p.oid FROM pg_proc AS p
                 WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', writing);
    FOREACH who IN ARRAY counting LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', writing, who::regrole);
    END LOOP;
  END LOOP;
END $$

-- name: end_step
UPDATE meta SET value = 'STEP_NOW' WHERE key = 'schema'

-- name: set_oldest
UPDATE meta SET value = 'OLDEST' WHERE key = 'oldest_functions'

-- The processes that call a version of the functions that goes, as far as they were seen lately.
-- name: old_programs
SELECT host FROM owner
WHERE functions <= ? AND ended_at IS NULL
AND seen_at > greatest(ledger_clock(?), (SELECT high_water FROM head)) - ? ORDER BY host, name

-- Whoever makes the tables first has this lock to the end of its transaction.
-- name: lock_making
SELECT pg_advisory_xact_lock(hashtext('quotakeeper: make ' || :schema))

-- Carried out by itself, so it names its schema, which stands where it says `ledger_schema`.
-- name: post
SELECT state, a, b, c, d, e, f FROM ledger_schema.post_vN(
  ?, ?, ?, ?, ?, ?, ?, ?,
  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::bigint[],
  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[],
  ?::bigint[], ?,
  ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::boolean[],
  ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::boolean[],
  ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::bigint[],
  ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[],
  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[],
  ?::bigint[],
  ?::bigint[], ?::text[], ?::bigint[], ?::boolean[], ?::bigint[], ?::text[], ?::bigint[],
  ?::bigint[],
  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
  ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[],
  ?::bigint[], ?::bigint[], ?::bigint[])

-- How the server replicates, on which timeline it is, whether it is a standby, and its clock. A
-- standby is known from its slot, or, to a user who may see it, from its stream.
-- name: server_state
SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
       EXISTS (SELECT FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary)
       OR EXISTS (
         SELECT FROM pg_stat_replication AS r
         WHERE r.state IN ('streaming', 'catchup') AND r.application_name <> 'pg_receivewal'
           AND NOT EXISTS (SELECT FROM pg_replication_slots AS s
                           WHERE s.active_pid = r.pid AND s.slot_type = 'logical')),
       CASE WHEN pg_is_in_recovery() THEN 0::bigint
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END,
       pg_is_in_recovery(), floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint

-- name: system_identifier
SELECT system_identifier::text FROM pg_control_system()

-- Carried out before the search_path is set, so it names its schema as `post` does.
-- name: has_batch
SELECT EXISTS (SELECT FROM ledger_schema.batch WHERE id = ?),
       EXISTS (SELECT FROM ledger_schema.batch WHERE at <= ?)

-- What an earlier run of verify found: see verified_mark.py.
-- name: has_verified
SELECT count(*) FROM (SELECT to_regclass('verified') AS found) AS x WHERE x.found IS NOT NULL

-- One run at a time keeps its mark.
-- name: lock_verified
SELECT lock_verified_vN()

-- name: put_verified_balance
SELECT put_verified_balances_vN(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])

-- A ledger that was moved away takes no writes: every commit changes the head row.
-- xmin is the number of the transaction that froze the ledger.
-- name: moved_to
SELECT value, xmin::text FROM meta WHERE key = 'moved_to'

-- name: lock_to_freeze
LOCK TABLE head IN SHARE ROW EXCLUSIVE MODE

-- name: freeze
CREATE TRIGGER head_is_frozen BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION refuse_moved()

-- name: set_moved_to
INSERT INTO meta (key, value) VALUES ('moved_to', ?) RETURNING xmin::text

-- name: thaw
DROP TRIGGER IF EXISTS head_is_frozen ON head

-- Virtual keys are frozen with the ledger. Their role cannot read the table meta, so each trigger has
-- the new place as its argument. `ledger_schema` is the schema of the keys here.
-- name: make_refusal_of_keys
CREATE OR REPLACE FUNCTION ledger_schema.refuse_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'moved to %', TG_ARGV[0] USING ERRCODE = 'QK001';
END $$

-- name: freeze_keys
CREATE OR REPLACE TRIGGER keys_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON ledger_schema.TABLE
FOR EACH STATEMENT EXECUTE FUNCTION ledger_schema.refuse_moved('PLACE')

-- name: keys_are_frozen
SELECT EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
               WHERE n.nspname = :schema AND p.proname = 'refuse_moved')

-- Its triggers go with it.
-- name: thaw_keys
DROP FUNCTION ledger_schema.refuse_moved() CASCADE

-- name: ledger_facts
SELECT m.value, (SELECT o.value FROM ledger_schema.meta AS o WHERE o.key = 'oldest_functions'),
       (SELECT o.value FROM ledger_schema.meta AS o WHERE o.key = 'moved_to')
FROM ledger_schema.meta AS m WHERE m.key = 'schema'

-- name: moved_to_of
SELECT value FROM ledger_schema.meta WHERE key = 'moved_to'

-- name: drop_moved_to
DELETE FROM meta WHERE key = 'moved_to'

-- name: in_one_snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY
