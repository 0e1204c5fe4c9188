-- Schema 4: what people order (pauses, limits that are raised, prepaid credit, clocks that are
-- accepted or repaired) as entries of the journal, accounts for each value of a label, the
-- providers' own quotas as they were seen, and what the machine's clocks showed. A
-- CHECK can't be changed in place, so the journal is copied; its rows stay as they are.
CREATE TABLE entry_4 (
  seq         INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 19),
  at          INTEGER NOT NULL CHECK (at >= 0),
  ref         INTEGER CHECK (ref < seq),
  id          TEXT CHECK (length(id) BETWEEN 1 AND 256),
  labels_id   INTEGER REFERENCES labels (labels_id),
  quantities  TEXT,
  cost_pico   INTEGER CHECK (cost_pico >= 0),
  price_id    INTEGER REFERENCES word (word_id),
  provenance  INTEGER CHECK (provenance BETWEEN 1 AND 4),
  outcome     INTEGER CHECK (outcome BETWEEN 1 AND 3),
  served_id   INTEGER REFERENCES word (word_id),
  duration_ms INTEGER CHECK (duration_ms >= 0),
  note        TEXT,
  owner_id    INTEGER REFERENCES word (word_id),
  expires_at  INTEGER,
  booked_at   INTEGER CHECK (booked_at BETWEEN 0 AND at),
  -- Kinds 1, 8, 11 and 12, as bits: SQLite builds a temporary b-tree for a longer IN list, per row.
  CHECK ((6402 >> kind & 1) = (id IS NOT NULL AND labels_id IS NOT NULL)),
  -- Kinds 1, 8, 12, and all from 13.
  CHECK ((4354 >> kind & 1 OR kind >= 13) = (ref IS NULL)),
  -- Kinds 1, 4 and 7 to 12.
  CHECK ((8082 >> kind & 1) = (quantities IS NOT NULL)),
  CHECK ((quantities IS NULL) = (provenance IS NULL)),
  CHECK ((quantities IS NULL) = (outcome IS NULL)),
  CHECK (booked_at IS NULL OR kind IN (8, 11)),
  CHECK (kind < 13 OR (id IS NULL AND labels_id IS NULL))
) STRICT;
INSERT INTO entry_4
SELECT seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance, outcome,
       served_id, duration_ms, note, owner_id, expires_at, booked_at
FROM entry;
DROP TABLE entry;
ALTER TABLE entry_4 RENAME TO entry;
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;
CREATE INDEX entry_booked ON entry (booked_at) WHERE booked_at IS NOT NULL;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
WHEN NOT EXISTS (SELECT 1 FROM compacting)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- What an entry of kind 14 to 19 says. `subject` is a provider, the name of a limit, or what was
-- done about a clock.
CREATE TABLE notice (
  seq      INTEGER PRIMARY KEY REFERENCES entry (seq),
  subject  TEXT NOT NULL CHECK (length(subject) <= 256),
  why      TEXT NOT NULL CHECK (length(why) <= 256),
  by       TEXT NOT NULL CHECK (length(by) <= 256),
  until_at INTEGER CHECK (until_at >= 0),
  account  TEXT NOT NULL,
  amount   INTEGER NOT NULL CHECK (amount >= 0),
  used     INTEGER NOT NULL CHECK (used >= 0),
  about    INTEGER CHECK (about < seq)
) STRICT;
CREATE TRIGGER notice_is_never_changed BEFORE UPDATE ON notice
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER notice_is_never_deleted BEFORE DELETE ON notice
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER notice_is_never_replaced BEFORE INSERT ON notice
WHEN EXISTS (SELECT 1 FROM notice WHERE seq = NEW.seq)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- With a label here, an account stands for one account for each value of that label.
ALTER TABLE account ADD COLUMN per TEXT NOT NULL DEFAULT '';

-- What providers said of their own quotas, the newest of each: no part of the journal. `amount` and
-- `remaining` are in base units of `meter`, NULL where it was not said; `window` is a window's text.
CREATE TABLE quota_seen (
  provider  TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 256),
  model     TEXT NOT NULL CHECK (length(model) <= 256),
  quota_id  TEXT NOT NULL CHECK (length(quota_id) BETWEEN 1 AND 256),
  meter     TEXT NOT NULL,
  window    TEXT NOT NULL,
  amount    INTEGER CHECK (amount >= 0),
  remaining INTEGER CHECK (remaining >= 0),
  resets_at INTEGER CHECK (resets_at >= 0),
  source    TEXT NOT NULL,
  seen_at   INTEGER NOT NULL CHECK (seen_at >= 0),
  PRIMARY KEY (provider, model, quota_id)
) STRICT, WITHOUT ROWID;

-- What the clocks of a machine showed, the first reading that was trusted in each boot: no part of
-- the journal. `boot_us` counts from the start of the machine; `turn` rises with each that is kept.
CREATE TABLE clock_reading (
  frame   TEXT PRIMARY KEY CHECK (length(frame) BETWEEN 1 AND 256),
  wall_at INTEGER NOT NULL,
  boot_us INTEGER NOT NULL,
  turn    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
