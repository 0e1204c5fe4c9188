-- Step 3: version 2 of the functions. Every write goes through a function that runs with the rights of
-- the owner of the tables. So a role that counts calls needs no right to change a table. The functions
-- of version 1 stay until step 4. The search_path is the ledger's schema, then pg_temp, in that order:
-- no temporary table of a caller takes the place of a table of the ledger.

ALTER FUNCTION refuse_change() SET search_path FROM CURRENT;
ALTER FUNCTION note_rules_changed() SET search_path FROM CURRENT;
ALTER FUNCTION refuse_moved() SET search_path FROM CURRENT;
ALTER FUNCTION ledger_clock(bigint) SET search_path FROM CURRENT;

ALTER FUNCTION put_slot(bigint, bigint, bigint, bigint, bigint, bigint, text)
SET search_path FROM CURRENT;

-- The names in these two are bound here. A function or operator of a caller with the same name and
-- closer types cannot take the place of the server's.
CREATE OR REPLACE FUNCTION quantities_of(stored text) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN (
  SELECT coalesce(jsonb_object_agg(found.meter, found.amount), '{}')
  FROM (
    SELECT part.meter, sum(part.amount)::bigint AS amount
    FROM (
      SELECT CASE left(code[1], 1)
         WHEN 'i' THEN 'input_tokens'
         WHEN 'c' THEN 'cached_input_tokens'
         WHEN 'o' THEN 'output_tokens'
         WHEN 't' THEN 'thought_tokens'
         WHEN 'a' THEN 'audio_milliseconds'
         WHEN 's' THEN 'session_milliseconds'
         WHEN 'h' THEN 'characters'
         WHEN 'r' THEN 'requests'
         WHEN 'q' THEN 'searches'
         WHEN 'g' THEN 'images'
         WHEN 'k' THEN 'cache_token_hours'
             END AS meter, code[2]::bigint AS amount
      FROM regexp_matches(CASE WHEN stored LIKE '{%' THEN '' ELSE stored END,
                          '([a-z]+)([0-9]+)', 'g') AS code
      UNION ALL
      SELECT split_part(old.key, '@', 1), old.value::bigint
      FROM jsonb_each_text(CASE WHEN stored LIKE '{%' THEN stored::jsonb ELSE '{}' END) AS old
    ) AS part
    GROUP BY part.meter
  ) AS found
);
CREATE OR REPLACE FUNCTION moment_of(at bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN to_timestamp(at / 1000000) + at % 1000000 * interval '1 microsecond';

-- Where the ledger stands, after waiting for the writers before. The clock is read behind the lock.
CREATE FUNCTION lock_v2(
  asked_at bigint, OUT seq bigint, OUT high_water bigint, OUT version bigint,
  OUT account_version bigint, OUT recalls bigint, OUT now_at bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  SELECT h.seq, h.high_water, h.version, h.account_version, h.recalls
  INTO STRICT seq, high_water, version, account_version, recalls
  FROM head AS h FOR UPDATE;
  now_at := ledger_clock(asked_at);
END $$;

-- Where the ledger stands in the snapshot of a reader, with the reader's rights.
CREATE FUNCTION look_v2(
  asked_at bigint, OUT seq bigint, OUT high_water bigint, OUT version bigint,
  OUT account_version bigint, OUT recalls bigint, OUT now_at bigint
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  SELECT h.seq, h.high_water, h.version, h.account_version, h.recalls
  INTO STRICT seq, high_water, version, account_version, recalls
  FROM head AS h;
  now_at := ledger_clock(asked_at);
END $$;

-- Between commits: the process `of_owner` is alive. Tells how often leases were recalled, and whether
-- the ledger still counts the process as running. Waits for no writer.
CREATE FUNCTION see_v2(of_owner text, asked_at bigint, OUT recalls bigint, OUT is_known boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE owner AS o SET seen_at = greatest(o.seen_at, ledger_clock(asked_at))
  WHERE o.name = of_owner AND o.ended_at IS NULL;
  is_known := FOUND;
  SELECT h.recalls INTO STRICT recalls FROM head AS h;
END $$;

-- The process `of_owner` ends. Its row stays if it leaves open reservations, which others end then.
CREATE FUNCTION leave_v2(of_owner text, OUT is_holding boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  is_holding := EXISTS (SELECT 1 FROM hold AS h WHERE h.owner = of_owner);
  IF is_holding THEN
    UPDATE owner AS o SET ended_at = o.seen_at WHERE o.name = of_owner AND o.ended_at IS NULL;
  ELSE
    DELETE FROM owner AS o WHERE o.name = of_owner;
  END IF;
END $$;

-- Asks all processes to release what they do not use of their leases.
CREATE FUNCTION recall_v2(OUT recalls bigint)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$ UPDATE head SET recalls = recalls + 1 RETURNING recalls $$;

-- The head row says what the journal ends with.
CREATE FUNCTION set_head_v2(bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM entry AS e WHERE e.seq = $1 AND e.at = $2)
       AND ($1, $2) <> (0, 0)
     OR EXISTS (SELECT FROM entry AS e WHERE e.seq > $1) THEN
    RAISE EXCEPTION 'the journal does not end with entry % at %', $1, $2
    USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  UPDATE head SET seq = $1, high_water = $2, version = version + 1;
END $$;

-- Names of batches of the last day stay: a writer may still ask for one.
CREATE FUNCTION drop_batches_v2(bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM batch WHERE at < least($1, (SELECT h.high_water - 86400000000 FROM head AS h));
END $$;

CREATE FUNCTION add_owner_v2(text, text, text, bigint, bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO owner (name, host, boot, since_at, seen_at, functions) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (name) DO UPDATE
  SET seen_at = excluded.seen_at, ended_at = NULL, functions = excluded.functions;
END $$;

-- The rows of processes by their first names; nobody else changes them before the transaction ends.
CREATE FUNCTION lock_owners_v2(text[]) RETURNS TABLE (name text, seen_at bigint, ended_at bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  RETURN QUERY SELECT o.name, o.seen_at, o.ended_at FROM owner AS o
               WHERE split_part(o.name, '~', 1) = ANY ($1) FOR UPDATE;
END $$;

-- A row may be taken from as well as added to. So it is made with zeros first: what is to be inserted
-- must pass the checks of the table by itself.
CREATE FUNCTION add_to_slots_v2(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO slot (slot_at, labels_id, provenance, outcome, calls, unpriced)
  SELECT w.*, 0, 0 FROM unnest($1, $2, $3, $4) AS w
  ON CONFLICT DO NOTHING;
  UPDATE slot AS s SET calls = s.calls + more.calls, unpriced = s.unpriced + more.unpriced
  FROM unnest($1, $2, $3, $4, $5, $6)
    AS more (slot_at, labels_id, provenance, outcome, calls, unpriced)
  WHERE s.slot_at = more.slot_at AND s.labels_id = more.labels_id
    AND s.provenance = more.provenance AND s.outcome = more.outcome;
END $$;

CREATE FUNCTION add_to_slot_parts_v2(bigint[], bigint[], bigint[], bigint[], text[], text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO slot_part (slot_at, labels_id, provenance, outcome, code, amount)
  SELECT w.*, 0 FROM unnest($1, $2, $3, $4, $5) AS w
  ON CONFLICT DO NOTHING;
  UPDATE slot_part AS s SET amount = s.amount + more.amount::numeric
  FROM unnest($1, $2, $3, $4, $5, $6)
    AS more (slot_at, labels_id, provenance, outcome, code, amount)
  WHERE s.slot_at = more.slot_at AND s.labels_id = more.labels_id
    AND s.provenance = more.provenance AND s.outcome = more.outcome AND s.code = more.code;
END $$;

CREATE FUNCTION drop_empty_slots_v2(bigint[], bigint[], bigint[], bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM slot AS s USING unnest($1, $2, $3, $4)
    AS gone (slot_at, labels_id, provenance, outcome)
  WHERE s.slot_at = gone.slot_at AND s.labels_id = gone.labels_id
    AND s.provenance = gone.provenance AND s.outcome = gone.outcome AND s.calls = 0;
END $$;

-- One run of verify at a time keeps its mark.
CREATE FUNCTION lock_verified_v2() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  LOCK TABLE verified IN SHARE ROW EXCLUSIVE MODE;
END $$;

-- The journal.
CREATE FUNCTION add_entries_v2(bigint[], bigint[], bigint[], bigint[], text[], bigint[], text[],
  bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], bigint[], bigint[],
  bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest($1, $3) AS e (seq, at), head AS h
             WHERE e.seq <= h.seq OR e.at < h.high_water)
       AND NOT EXISTS (SELECT FROM rewriting) THEN
    RAISE EXCEPTION 'an entry would come before the newest one'
    USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO entry (seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id,
                     provenance, outcome, served_id, duration_ms, note, owner_id, expires_at,
                     booked_at)
  SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);
END $$;

CREATE FUNCTION add_notice_v2(bigint, text, text, text, bigint, text, bigint, bigint,
  bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO notice (seq, subject, why, by, until_at, account, amount, used, about)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
END $$;

CREATE FUNCTION add_crossing_v2(bigint, bigint, text, bigint, bigint, bigint, bigint,
  bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO crossing (seq, account_id, name, amount, level, start_at, turn, used)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
END $$;

CREATE FUNCTION add_batch_v2(text, bigint, bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO batch (id, first_seq, last_seq, at) VALUES ($1, $2, $3, $4);
END $$;

-- Names and accounts; each returns the number of the new row.
CREATE FUNCTION add_labels_v2(text, text, text, text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE number bigint;
BEGIN
  INSERT INTO labels (provider, model, operation, scope) VALUES ($1, $2, $3, $4)
    RETURNING labels_id INTO number;
  RETURN number;
END $$;

CREATE FUNCTION add_word_v2(text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE number bigint;
BEGIN
  INSERT INTO word (text) VALUES ($1) RETURNING word_id INTO number;
  RETURN number;
END $$;

CREATE FUNCTION add_account_v2(text, text, text, text, text, text, text, text, text,
  bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE number bigint;
BEGIN
  INSERT INTO account (key, meter, "window", timezone, provider, model, operation, scope, per,
                       since_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING account_id INTO number;
  RETURN number;
END $$;

-- What is derived from the journal.
CREATE FUNCTION put_balances_v2(bigint[], bigint[], bigint[], bigint[], bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO balance (account_id, start_at, settled, reserved, overage)
  SELECT * FROM unnest($1, $2, $3, $4, $5)
  ON CONFLICT (account_id, start_at) DO UPDATE
  SET settled = excluded.settled, reserved = excluded.reserved, overage = excluded.overage;
END $$;

CREATE FUNCTION put_holds_v2(bigint[], text[], bigint[], bigint[], text[], bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO hold (seq, owner, expires_at, sent, quantities, cost_pico, lease)
  SELECT w.*, starts_with(e.id, 'quotakeeper-lease:')
  FROM unnest($1, $2, $3, $4, $5, $6)
    AS w (seq, owner, expires_at, sent, quantities, cost_pico) JOIN entry AS e ON e.seq = w.seq
  ON CONFLICT (seq) DO UPDATE
  SET expires_at = excluded.expires_at, sent = excluded.sent, quantities = excluded.quantities,
      cost_pico = excluded.cost_pico;
END $$;

CREATE FUNCTION drop_holds_v2(bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM hold WHERE seq IN (SELECT unnest($1));
END $$;

CREATE FUNCTION put_mark_v2(bigint, text, bigint, bigint, bigint, bigint, boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO mark (account_id, name, amount, level, start_at, turn, stands)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (account_id, name, amount, level) DO UPDATE
  SET start_at = excluded.start_at, turn = excluded.turn, stands = excluded.stands;
END $$;

CREATE FUNCTION add_pace_v2(bigint[], bigint[], bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO pace (account_id, slot_at, used)
  SELECT * FROM unnest($1, $2, $3)
  ON CONFLICT (account_id, slot_at) DO UPDATE SET used = pace.used + excluded.used;
END $$;

CREATE FUNCTION carry_balance_v2(bigint, bigint, bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO carried_balance (account_id, start_at, settled, overage) VALUES ($1, $2, $3, $4)
  ON CONFLICT (account_id, start_at) DO UPDATE
  SET settled = carried_balance.settled + excluded.settled,
      overage = carried_balance.overage + excluded.overage;
END $$;

-- Processes.
CREATE FUNCTION seen_owner_v2(bigint, text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE owner SET seen_at = $1 WHERE name = $2;
END $$;

CREATE FUNCTION end_owners_v2(bigint, text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE owner SET ended_at = $1 WHERE name = ANY ($2) AND ended_at IS NULL;
END $$;

CREATE FUNCTION drop_owners_v2(bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM owner WHERE ended_at < $1 AND name NOT IN (SELECT owner FROM hold);
END $$;

-- Quotas of providers, and clock readings.
CREATE FUNCTION put_quota_v2(text, text, text, text, text, bigint, bigint, bigint, text,
  bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO quota_seen (provider, model, quota_id, meter, "window", amount, remaining, resets_at,
                          source, seen_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (provider, model, quota_id) DO UPDATE
  SET meter = excluded.meter, "window" = excluded."window", amount = excluded.amount,
      remaining = excluded.remaining, resets_at = excluded.resets_at, source = excluded.source,
      seen_at = excluded.seen_at
  WHERE excluded.seen_at >= quota_seen.seen_at;
END $$;

CREATE FUNCTION drop_quotas_v2(bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM quota_seen WHERE seen_at < $1;
END $$;

CREATE FUNCTION put_reading_v2(text, bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO clock_reading (frame, wall_at, boot_us, turn)
  VALUES ($1, $2, $3, (SELECT coalesce(max(turn), 0) + 1 FROM clock_reading))
  ON CONFLICT (frame) DO UPDATE
  SET wall_at = excluded.wall_at, boot_us = excluded.boot_us, turn = excluded.turn;
END $$;

CREATE FUNCTION drop_readings_v2(bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM clock_reading WHERE turn <= (SELECT max(turn) FROM clock_reading) - $1;
END $$;

-- How far the ledger is verified.
CREATE FUNCTION put_verified_v2(bigint, bigint, bigint, bigint, text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO verified (only_row, seq, at, accounts, labels, calls) VALUES (1, $1, $2, $3, $4, $5)
  ON CONFLICT (only_row) DO UPDATE
  SET seq = excluded.seq, at = excluded.at, accounts = excluded.accounts, labels = excluded.labels,
      calls = excluded.calls;
END $$;

CREATE FUNCTION put_verified_balances_v2(bigint[], bigint[], bigint[], bigint[],
  bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO verified_balance (account_id, start_at, settled, reserved, overage)
  SELECT * FROM unnest($1, $2, $3, $4, $5)
  ON CONFLICT (account_id, start_at) DO UPDATE
  SET settled = excluded.settled, reserved = excluded.reserved, overage = excluded.overage;
END $$;

CREATE FUNCTION put_verified_mark_v2(bigint, text, bigint, bigint, bigint, bigint,
  boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO verified_mark (account_id, name, amount, level, start_at, turn, stands)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (account_id, name, amount, level) DO UPDATE
  SET start_at = excluded.start_at, turn = excluded.turn, stands = excluded.stands;
END $$;

CREATE FUNCTION drop_verified_balance_v2(bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM verified_balance WHERE account_id = $1 AND start_at = $2;
END $$;

CREATE FUNCTION drop_verified_mark_v2(bigint, text, bigint, bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM verified_mark WHERE account_id = $1 AND name = $2 AND amount = $3 AND level = $4;
END $$;

-- Commits what a host has decided on what it knew, if all that it relied on still holds. There is no
-- rule in here: it compares, adds, inserts, replaces. `done` comes with the balances as they were
-- before. Any other state means that nothing was written, and names the guard.
--
-- Entries are numbered from 1 within the batch; a `ref` below 0 is such a number. An instant that
-- follows from the commit's is given as what is to be added to it, where `e_relative` or `h_relative`
-- says so.
CREATE FUNCTION post_v2(
  batch_id text, of_owner text, asked_at bigint, since_at bigint, until_at bigint, of_accounts bigint,
  of_version bigint, most_version bigint,
  -- balances: what is added, and what they may be at most before it
  b_account bigint[], b_start bigint[], b_settled bigint[], b_reserved bigint[], b_overage bigint[],
  b_most bigint[], b_most_settled bigint[], b_least_settled bigint[],
  -- rolling windows: what their slices after an instant may be at most, in sum
  r_account bigint[], r_after bigint[], r_most bigint[], r_most_settled bigint[],
  r_least_settled bigint[],
  -- open reservations as they are known, which the batch changes
  k_seq bigint[], k_owner text[], k_expires bigint[], k_sent bigint[], k_quantities text[],
  k_cost bigint[],
  -- calls that have ended, about which there is no entry after `c_since`
  c_ref bigint[], c_since bigint,
  -- thresholds as they are known (turn 0: not stored), as they are to be, and what crossings say
  m_account bigint[], m_name text[], m_amount bigint[], m_level bigint[], m_start bigint[],
  m_turn bigint[], m_stands boolean[],
  n_account bigint[], n_name text[], n_amount bigint[], n_level bigint[], n_start bigint[],
  n_turn bigint[], n_stands boolean[],
  x_number bigint[], x_account bigint[], x_name text[], x_amount bigint[], x_level bigint[],
  x_start bigint[], x_turn bigint[], x_used bigint[],
  -- entries
  e_kind bigint[], e_ref bigint[], e_id text[], e_labels bigint[], e_quantities text[],
  e_cost bigint[], e_price bigint[], e_provenance bigint[], e_outcome bigint[], e_served bigint[],
  e_duration bigint[], e_note text[], e_owner bigint[], e_expires bigint[], e_booked bigint[],
  -- open reservations as they are to be, and those that have ended
  h_seq bigint[], h_owner text[], h_expires bigint[], h_relative boolean[], h_sent bigint[],
  h_quantities text[], h_cost bigint[], gone bigint[],
  -- sums by slot, and what accounts used by slot
  s_at bigint[], s_labels bigint[], s_provenance bigint[], s_outcome bigint[], s_calls bigint[],
  s_unpriced bigint[],
  p_at bigint[], p_labels bigint[], p_provenance bigint[], p_outcome bigint[], p_code text[],
  p_amount text[],
  u_account bigint[], u_at bigint[], u_used bigint[]
) RETURNS TABLE (state text, a bigint, b bigint, c bigint, d bigint, e bigint, f bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan SET jit = off SET lock_timeout = '10s' AS $$
#variable_conflict use_column
DECLARE
  h record;
  now_at bigint;
  failed text;
  count_of_entries bigint := coalesce(array_length(e_kind, 1), 0);
BEGIN
  SELECT * INTO STRICT h FROM head FOR UPDATE;
  now_at := greatest(ledger_clock(asked_at), h.high_water);
  IF EXISTS (SELECT 1 FROM batch AS x WHERE x.id = batch_id) THEN
    failed := 'batch';
  ELSIF NOT EXISTS (SELECT 1 FROM owner AS x WHERE x.name = of_owner AND x.ended_at IS NULL) THEN
    failed := 'owner';
  ELSIF h.version < of_version THEN  -- somebody restored an older copy
    failed := 'version';
  ELSIF h.version > most_version THEN
    failed := 'moved';
  ELSIF h.account_version <> of_accounts THEN
    failed := 'accounts';
  ELSIF now_at < since_at OR now_at >= until_at THEN
    failed := 'time';
  ELSIF EXISTS (SELECT 1 FROM entry AS x WHERE x.id = ANY (e_id)) THEN
    failed := 'id';
  ELSIF (SELECT count(*) FROM unnest(k_seq, k_owner, k_expires, k_sent, k_quantities, k_cost)
           AS k (seq, owner, expires, sent, quantities, cost)
         JOIN hold AS x ON x.seq = k.seq AND x.owner = k.owner AND x.expires_at = k.expires
           AND x.sent = k.sent AND x.quantities = k.quantities
           AND x.cost_pico IS NOT DISTINCT FROM k.cost) <> coalesce(array_length(k_seq, 1), 0) THEN
    failed := 'hold';
  ELSIF EXISTS (SELECT 1 FROM entry AS x WHERE x.ref = ANY (c_ref) AND x.seq > c_since) THEN
    failed := 'call';
  ELSIF EXISTS (
    SELECT 1 FROM unnest(m_account, m_name, m_amount, m_level, m_start, m_turn, m_stands)
      AS w (account_id, name, amount, level, start_at, turn, stands)
    LEFT JOIN mark AS x ON x.account_id = w.account_id AND x.name = w.name AND x.amount = w.amount
      AND x.level = w.level
    WHERE (coalesce(x.start_at, 0), coalesce(x.turn, 0), coalesce(x.stands, false))
          <> (w.start_at, w.turn, w.stands)
  ) THEN
    failed := 'mark';
  ELSIF EXISTS (
    SELECT 1 FROM unnest(b_account, b_start, b_most, b_most_settled, b_least_settled)
      AS w (account_id, start_at, most, most_settled, least_settled)
    LEFT JOIN balance AS x ON x.account_id = w.account_id AND x.start_at = w.start_at
    WHERE coalesce(x.settled + x.reserved, 0) > w.most OR coalesce(x.settled, 0) > w.most_settled
       OR coalesce(x.settled, 0) < w.least_settled
  ) OR EXISTS (
    SELECT 1 FROM unnest(r_account, r_after, r_most, r_most_settled, r_least_settled)
      AS w (account_id, after, most, most_settled, least_settled)
    WHERE (SELECT coalesce(sum(x.settled + x.reserved), 0) > w.most
             OR coalesce(sum(x.settled), 0) > w.most_settled
             OR coalesce(sum(x.settled), 0) < w.least_settled
           FROM balance AS x WHERE x.account_id = w.account_id AND x.start_at > w.after)
  ) THEN
    failed := 'balance';
  END IF;
  IF failed IS NOT NULL THEN
    RETURN QUERY SELECT failed, now_at, h.seq, h.high_water, h.version, h.account_version, h.recalls;
    RETURN;
  END IF;

  RETURN QUERY
  SELECT 'done', now_at, h.seq, h.high_water, h.version + 1, h.account_version, h.recalls;
  RETURN QUERY
  SELECT 'balance', w.account_id, w.start_at, coalesce(x.settled, 0), coalesce(x.reserved, 0),
         coalesce(x.overage, 0), NULL::bigint
  FROM unnest(b_account, b_start) AS w (account_id, start_at)
  LEFT JOIN balance AS x ON x.account_id = w.account_id AND x.start_at = w.start_at;
  RETURN QUERY
  SELECT 'slice', x.account_id, x.start_at, x.settled, x.reserved, x.overage, NULL::bigint
  FROM unnest(r_account, r_after) AS w (account_id, after)
  JOIN balance AS x ON x.account_id = w.account_id AND x.start_at > w.after;

  INSERT INTO balance (account_id, start_at, settled, reserved, overage)
  SELECT account, start, 0, 0, 0 FROM unnest(b_account, b_start) AS w (account, start)
  ON CONFLICT DO NOTHING;
  UPDATE balance AS x
  SET settled = x.settled + w.settled, reserved = x.reserved + w.reserved,
      overage = x.overage + w.overage
  FROM unnest(b_account, b_start, b_settled, b_reserved, b_overage)
    AS w (account_id, start_at, settled, reserved, overage)
  WHERE x.account_id = w.account_id AND x.start_at = w.start_at
    AND (w.settled, w.reserved, w.overage) <> (0, 0, 0);

  INSERT INTO entry (seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance,
                     outcome, served_id, duration_ms, note, owner_id, expires_at, booked_at)
  SELECT h.seq + w.n, w.kind, now_at, CASE WHEN w.ref < 0 THEN h.seq - w.ref ELSE w.ref END, w.id,
         w.labels, w.quantities, w.cost, w.price, w.provenance, w.outcome, w.served, w.duration,
         w.note, w.owner, now_at + w.expires, w.booked
  FROM unnest(e_kind, e_ref, e_id, e_labels, e_quantities, e_cost, e_price, e_provenance, e_outcome,
              e_served, e_duration, e_note, e_owner, e_expires, e_booked) WITH ORDINALITY
    AS w (kind, ref, id, labels, quantities, cost, price, provenance, outcome, served, duration, note,
          owner, expires, booked, n);

  INSERT INTO crossing (seq, account_id, name, amount, level, start_at, turn, used)
  SELECT h.seq + w.number, w.account_id, w.name, w.amount, w.level, w.start_at, w.turn, w.used
  FROM unnest(x_number, x_account, x_name, x_amount, x_level, x_start, x_turn, x_used)
    AS w (number, account_id, name, amount, level, start_at, turn, used);
  INSERT INTO mark (account_id, name, amount, level, start_at, turn, stands)
  SELECT * FROM unnest(n_account, n_name, n_amount, n_level, n_start, n_turn, n_stands)
  ON CONFLICT (account_id, name, amount, level) DO UPDATE
  SET start_at = excluded.start_at, turn = excluded.turn, stands = excluded.stands;

  INSERT INTO hold (seq, owner, expires_at, sent, quantities, cost_pico, lease)
  SELECT CASE WHEN w.seq < 0 THEN h.seq - w.seq ELSE w.seq END, w.owner,
         w.expires + CASE WHEN w.relative THEN now_at ELSE 0 END, w.sent, w.quantities, w.cost,
         w.seq < 0 AND coalesce(starts_with(e_id[-w.seq], 'quotakeeper-lease:'), false)
  FROM unnest(h_seq, h_owner, h_expires, h_relative, h_sent, h_quantities, h_cost)
    AS w (seq, owner, expires, relative, sent, quantities, cost)
  ON CONFLICT (seq) DO UPDATE
  SET expires_at = excluded.expires_at, sent = excluded.sent, quantities = excluded.quantities,
      cost_pico = excluded.cost_pico;
  DELETE FROM hold AS x WHERE x.seq = ANY (gone);

  INSERT INTO slot (slot_at, labels_id, provenance, outcome, calls, unpriced)
  SELECT w.*, 0, 0 FROM unnest(s_at, s_labels, s_provenance, s_outcome) AS w
  ON CONFLICT DO NOTHING;
  UPDATE slot AS x SET calls = x.calls + w.calls, unpriced = x.unpriced + w.unpriced
  FROM unnest(s_at, s_labels, s_provenance, s_outcome, s_calls, s_unpriced)
    AS w (at, labels, provenance, outcome, calls, unpriced)
  WHERE x.slot_at = w.at AND x.labels_id = w.labels AND x.provenance = w.provenance
    AND x.outcome = w.outcome;
  INSERT INTO slot_part (slot_at, labels_id, provenance, outcome, code, amount)
  SELECT w.*, 0 FROM unnest(p_at, p_labels, p_provenance, p_outcome, p_code) AS w
  ON CONFLICT DO NOTHING;
  UPDATE slot_part AS x SET amount = x.amount + w.amount::numeric
  FROM unnest(p_at, p_labels, p_provenance, p_outcome, p_code, p_amount)
    AS w (at, labels, provenance, outcome, code, amount)
  WHERE x.slot_at = w.at AND x.labels_id = w.labels AND x.provenance = w.provenance
    AND x.outcome = w.outcome AND x.code = w.code;
  DELETE FROM slot AS x USING unnest(s_at, s_labels, s_provenance, s_outcome)
    AS w (at, labels, provenance, outcome)
  WHERE x.slot_at = w.at AND x.labels_id = w.labels AND x.provenance = w.provenance
    AND x.outcome = w.outcome AND x.calls = 0;
  INSERT INTO pace (account_id, slot_at, used)
  SELECT * FROM unnest(u_account, u_at, u_used)
  ON CONFLICT (account_id, slot_at) DO UPDATE SET used = pace.used + excluded.used;

  -- Once a second is enough, and spares the row.
  UPDATE owner AS x SET seen_at = now_at WHERE x.name = of_owner AND x.seen_at < now_at - 1000000;
  INSERT INTO batch (id, first_seq, last_seq, at)
  VALUES (batch_id, h.seq + 1, h.seq + count_of_entries, now_at);
  UPDATE head SET seq = h.seq + count_of_entries, high_water = now_at, version = h.version + 1;
END $$;
