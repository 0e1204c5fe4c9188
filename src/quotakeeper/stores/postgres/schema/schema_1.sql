-- Schema 1 of a ledger in PostgreSQL. It is carried out in one transaction whose search_path is the
-- ledger's schema alone; functions keep that path. Instants are microseconds since 1970 UTC. Texts
-- are compared by their bytes, as everywhere else. No row refers to another by a foreign key where
-- only this package writes: that would cost a look-up for each entry, and verify looks.

-- The one row that every writer locks first: it gives the order, and tells all that changed.
CREATE TABLE head (
  is_only         boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  seq             bigint NOT NULL CHECK (seq >= 0),
  high_water      bigint NOT NULL CHECK (high_water >= 0),
  version         bigint NOT NULL CHECK (version >= 0),
  account_version bigint NOT NULL CHECK (account_version >= 0),
  recalls         bigint NOT NULL CHECK (recalls >= 0)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO head (seq, high_water, version, account_version, recalls) VALUES (0, 0, 0, 0, 0);

-- What this ledger is. `schema` is the number of the newest step; a writer that knows less keeps out.
CREATE TABLE meta (
  key   text COLLATE "C" PRIMARY KEY,
  value text COLLATE "C" NOT NULL
);
INSERT INTO meta (key, value) VALUES ('application', 'quotakeeper'), ('schema', '1');

CREATE TABLE labels (
  labels_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider  text COLLATE "C" NOT NULL,
  model     text COLLATE "C" NOT NULL,
  operation text COLLATE "C" NOT NULL,
  scope     text COLLATE "C" NOT NULL
);
-- A scope may be longer than a row of an index: its digest stands for it.
CREATE UNIQUE INDEX labels_key ON labels (provider, model, operation, md5(scope));

CREATE TABLE word (
  word_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  text    text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE entry (
  seq         bigint PRIMARY KEY,
  kind        bigint NOT NULL CHECK (kind BETWEEN 1 AND 19),
  at          bigint NOT NULL CHECK (at >= 0),
  ref         bigint CHECK (ref < seq),
  id          text COLLATE "C" CHECK (length(id) BETWEEN 1 AND 256),
  labels_id   bigint,
  quantities  text COLLATE "C",
  cost_pico   bigint CHECK (cost_pico >= 0),
  price_id    bigint,
  provenance  bigint CHECK (provenance BETWEEN 1 AND 4),
  outcome     bigint CHECK (outcome BETWEEN 1 AND 3),
  served_id   bigint,
  duration_ms bigint CHECK (duration_ms >= 0),
  note        text COLLATE "C",
  owner_id    bigint,
  expires_at  bigint,
  booked_at   bigint CHECK (booked_at BETWEEN 0 AND at),
  CHECK ((kind IN (1, 8, 11, 12)) = (id IS NOT NULL AND labels_id IS NOT NULL)),
  CHECK ((kind IN (1, 8, 12) OR kind >= 13) = (ref IS NULL)),
  CHECK ((kind IN (1, 4, 7, 8, 9, 10, 11, 12)) = (quantities IS NOT NULL)),
  CHECK ((quantities IS NULL) = (provenance IS NULL)),
  CHECK ((quantities IS NULL) = (outcome IS NULL)),
  CHECK (booked_at IS NULL OR kind IN (8, 11)),
  CHECK (kind < 13 OR (id IS NULL AND labels_id IS NULL))
);
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;
CREATE INDEX entry_booked ON entry (booked_at) WHERE booked_at IS NOT NULL;

-- A row in here, for the length of one transaction, is compaction at work.
CREATE TABLE compacting (before_at bigint NOT NULL);
-- And here: a ledger that was carried ahead is set back.
CREATE TABLE rewriting (since_seq bigint NOT NULL);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'notice' AND EXISTS (SELECT 1 FROM compacting) THEN
    RETURN OLD;
  END IF;
  IF TG_OP <> 'TRUNCATE' AND EXISTS (SELECT 1 FROM rewriting) THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE ON entry
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_is_never_emptied BEFORE TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- With a label in `per`, an account stands for one account for each value of that label.
CREATE TABLE account (
  account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key        text COLLATE "C" NOT NULL,
  meter      text COLLATE "C" NOT NULL,
  "window"   text COLLATE "C" NOT NULL,
  timezone   text COLLATE "C" NOT NULL,
  provider   text COLLATE "C" NOT NULL,
  model      text COLLATE "C" NOT NULL,
  operation  text COLLATE "C" NOT NULL,
  scope      text COLLATE "C" NOT NULL,
  per        text COLLATE "C" NOT NULL,
  since_at   bigint NOT NULL
);
CREATE UNIQUE INDEX account_key ON account (md5(key));

-- What follows is derived from the journal, and checked against it by verify.
CREATE TABLE balance (
  account_id bigint NOT NULL,
  start_at   bigint NOT NULL,
  settled    bigint NOT NULL CHECK (settled >= 0),
  reserved   bigint NOT NULL CHECK (reserved >= 0),
  overage    bigint NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Reservations that are open, as they are after everything that was said of them.
CREATE TABLE hold (
  seq        bigint PRIMARY KEY,
  owner      text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  sent       bigint NOT NULL CHECK (sent IN (0, 1)),
  quantities text COLLATE "C" NOT NULL,
  cost_pico  bigint CHECK (cost_pico >= 0),
  lease      boolean NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX hold_expires ON hold (expires_at);
CREATE INDEX hold_owner ON hold (owner);
CREATE INDEX hold_lease ON hold (seq) WHERE lease;

-- What was used in five minutes under one set of labels. Sums may be beyond 64 bits: they stand in
-- `slot_part`, under the codes of stores/sql/codes.py. Both are added to, and never read first.
CREATE TABLE slot (
  slot_at    bigint NOT NULL,
  labels_id  bigint NOT NULL,
  provenance bigint NOT NULL,
  outcome    bigint NOT NULL,
  calls      bigint NOT NULL CHECK (calls >= 0),
  unpriced   bigint NOT NULL CHECK (unpriced BETWEEN 0 AND calls),
  PRIMARY KEY (slot_at, labels_id, provenance, outcome)
) WITH (fillfactor = 50);
CREATE INDEX slot_unpriced ON slot (slot_at) WHERE unpriced > 0;
CREATE TABLE slot_part (
  slot_at    bigint NOT NULL,
  labels_id  bigint NOT NULL,
  provenance bigint NOT NULL,
  outcome    bigint NOT NULL,
  code       text COLLATE "C" NOT NULL,
  amount     numeric NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (slot_at, labels_id, provenance, outcome, code),
  FOREIGN KEY (slot_at, labels_id, provenance, outcome) REFERENCES slot ON DELETE CASCADE
) WITH (fillfactor = 50);

-- What each account used in five minutes: derived from slots, for forecasts.
CREATE TABLE pace (
  slot_at    bigint NOT NULL,
  account_id bigint NOT NULL,
  used       bigint NOT NULL,
  PRIMARY KEY (account_id, slot_at)
) WITH (fillfactor = 50);

-- What the journal no longer has since it was compacted: verify starts from these.
CREATE TABLE carried_slot (
  slot_at    bigint NOT NULL,
  labels_id  bigint NOT NULL,
  provenance bigint NOT NULL,
  outcome    bigint NOT NULL,
  calls      bigint NOT NULL CHECK (calls > 0),
  unpriced   bigint NOT NULL CHECK (unpriced BETWEEN 0 AND calls),
  totals     text COLLATE "C" NOT NULL,
  PRIMARY KEY (slot_at, labels_id, provenance, outcome)
);
CREATE TABLE carried_balance (
  account_id bigint NOT NULL,
  start_at   bigint NOT NULL,
  settled    bigint NOT NULL CHECK (settled >= 0),
  overage    bigint NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
);

-- What an entry of kind 13 says. `start_at` is 0 for a rolling window.
CREATE TABLE crossing (
  seq        bigint PRIMARY KEY,
  account_id bigint NOT NULL,
  name       text COLLATE "C" NOT NULL,
  amount     bigint NOT NULL CHECK (amount >= 0),
  level      bigint NOT NULL CHECK (level > 0),
  start_at   bigint NOT NULL CHECK (start_at >= 0),
  turn       bigint NOT NULL CHECK (turn > 0),
  used       bigint NOT NULL CHECK (used >= level)
);
CREATE UNIQUE INDEX crossing_key
  ON crossing (account_id, md5(name), amount, level, start_at, turn);
CREATE TRIGGER crossing_is_append_only BEFORE UPDATE OR DELETE ON crossing
FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Where each threshold stands that was crossed: in which period and turn, and whether use is still
-- at or above it.
CREATE TABLE mark (
  account_id bigint NOT NULL,
  name       text COLLATE "C" NOT NULL,
  amount     bigint NOT NULL,
  level      bigint NOT NULL,
  start_at   bigint NOT NULL,
  turn       bigint NOT NULL CHECK (turn > 0),
  stands     boolean NOT NULL,
  PRIMARY KEY (account_id, name, amount, level)
);

-- What an entry of kind 14 to 19 says. `subject` is a provider, the name of a limit, or what was
-- done about a clock.
CREATE TABLE notice (
  seq      bigint PRIMARY KEY,
  subject  text COLLATE "C" NOT NULL CHECK (length(subject) <= 256),
  why      text COLLATE "C" NOT NULL CHECK (length(why) <= 256),
  by       text COLLATE "C" NOT NULL CHECK (length(by) <= 256),
  until_at bigint CHECK (until_at >= 0),
  account  text COLLATE "C" NOT NULL,
  amount   bigint NOT NULL CHECK (amount >= 0),
  used     bigint NOT NULL CHECK (used >= 0),
  about    bigint CHECK (about < seq)
);
CREATE TRIGGER notice_is_append_only BEFORE UPDATE OR DELETE ON notice
FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What providers said of their own quotas, the newest of each: no part of the journal.
CREATE TABLE quota_seen (
  provider  text COLLATE "C" NOT NULL CHECK (length(provider) BETWEEN 1 AND 256),
  model     text COLLATE "C" NOT NULL CHECK (length(model) <= 256),
  quota_id  text COLLATE "C" NOT NULL CHECK (length(quota_id) BETWEEN 1 AND 256),
  meter     text COLLATE "C" NOT NULL,
  "window"  text COLLATE "C" NOT NULL,
  amount    bigint CHECK (amount >= 0),
  remaining bigint CHECK (remaining >= 0),
  resets_at bigint CHECK (resets_at >= 0),
  source    text COLLATE "C" NOT NULL,
  seen_at   bigint NOT NULL CHECK (seen_at >= 0),
  PRIMARY KEY (provider, model, quota_id)
);

-- What the clocks of hosts showed, the first reading that was trusted in each boot: no part of the
-- journal. `boot_us` counts from the start of the machine; `turn` rises with each that is kept.
CREATE TABLE clock_reading (
  frame   text COLLATE "C" PRIMARY KEY CHECK (length(frame) BETWEEN 1 AND 256),
  wall_at bigint NOT NULL,
  boot_us bigint NOT NULL,
  turn    bigint NOT NULL
);

-- The processes that use the ledger: no part of the journal. A process is seen at its commits, and in
-- between at least every few seconds. `ended_at` is when another process counted it as ended; it then
-- needs another name. Rows are locked after the head row, or alone.
CREATE TABLE owner (
  name     text COLLATE "C" PRIMARY KEY,
  host     text COLLATE "C" NOT NULL,
  boot     text COLLATE "C" NOT NULL,
  since_at bigint NOT NULL,
  seen_at  bigint NOT NULL,
  ended_at bigint
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What was committed under a name of its own, so that a writer whose connection broke at the commit
-- finds out. Rows of a few days ago go.
CREATE TABLE batch (
  id        text COLLATE "C" PRIMARY KEY,
  first_seq bigint NOT NULL,
  last_seq  bigint NOT NULL,
  at        bigint NOT NULL
);
CREATE INDEX batch_at ON batch (at);

-- Ledger time is the clock of this server. `asked_at` is what the host's clock shows: it decides
-- nothing here. Tests put a function in this one's place that gives it back.
CREATE FUNCTION ledger_clock(asked_at bigint) RETURNS bigint
LANGUAGE sql VOLATILE SET search_path FROM CURRENT
AS $$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Where the ledger stands, after waiting for the writers before. The clock is read behind the lock.
CREATE FUNCTION lock_v1(
  asked_at bigint, OUT seq bigint, OUT high_water bigint, OUT version bigint,
  OUT account_version bigint, OUT recalls bigint, OUT now_at bigint
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  SELECT h.seq, h.high_water, h.version, h.account_version, h.recalls
  INTO STRICT seq, high_water, version, account_version, recalls
  FROM head AS h FOR UPDATE;
  now_at := ledger_clock(asked_at);
END $$;

-- Where the ledger stands in the snapshot of a reader.
CREATE FUNCTION look_v1(
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
CREATE FUNCTION see_v1(of_owner text, asked_at bigint, OUT recalls bigint, OUT is_known boolean)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE owner AS o SET seen_at = greatest(o.seen_at, ledger_clock(asked_at))
  WHERE o.name = of_owner AND o.ended_at IS NULL;
  is_known := FOUND;
  SELECT h.recalls INTO STRICT recalls FROM head AS h;
END $$;

-- The process `of_owner` ends. Its row stays if it leaves open reservations, which others end then.
CREATE FUNCTION leave_v1(of_owner text, OUT is_holding boolean)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  is_holding := EXISTS (SELECT 1 FROM hold AS h WHERE h.owner = of_owner);
  IF is_holding THEN
    UPDATE owner AS o SET ended_at = o.seen_at WHERE o.name = of_owner AND o.ended_at IS NULL;
  ELSE
    DELETE FROM owner AS o WHERE o.name = of_owner;
  END IF;
END $$;

-- Asks all processes to release what they do not use of their leases.
CREATE FUNCTION recall_v1(OUT recalls bigint) LANGUAGE sql SET search_path FROM CURRENT
AS $$ UPDATE head SET recalls = recalls + 1 RETURNING recalls $$;

-- The sums of a slot from their text, in place of what is there: for a ledger that is set back.
CREATE FUNCTION put_slot(
  at bigint, of_labels bigint, of_provenance bigint, of_outcome bigint,
  new_calls bigint, new_unpriced bigint, totals text
) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM slot AS s
  WHERE s.slot_at = at AND s.labels_id = of_labels AND s.provenance = of_provenance
    AND s.outcome = of_outcome;
  INSERT INTO slot VALUES (at, of_labels, of_provenance, of_outcome, new_calls, new_unpriced);
  INSERT INTO slot_part
  SELECT at, of_labels, of_provenance, of_outcome, part[1], part[2]::numeric
  FROM regexp_matches(totals, '([a-z]+)([0-9]+)', 'g') AS part;
END $$;

-- What everybody's rules follow from, beside balances: whoever decides elsewhere has to know all of it.
CREATE FUNCTION note_rules_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE head SET account_version = account_version + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER account_changes_rules AFTER INSERT OR UPDATE OR DELETE ON account
FOR EACH STATEMENT EXECUTE FUNCTION note_rules_changed();
CREATE TRIGGER notice_changes_rules AFTER INSERT OR UPDATE OR DELETE ON notice
FOR EACH STATEMENT EXECUTE FUNCTION note_rules_changed();

-- Commits what a host has decided on what it knew, if all that it relied on still holds. There is no
-- rule in here: it compares, adds, inserts, replaces. `done` comes with the balances as they were
-- before. Any other state means that nothing was written, and names the guard.
--
-- Entries are numbered from 1 within the batch; a `ref` below 0 is such a number. An instant that
-- follows from the commit's is given as what is to be added to it, where `e_relative` or `h_relative`
-- says so.
CREATE FUNCTION post_v1(
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
LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off
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
