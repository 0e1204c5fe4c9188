-- Schema 2: entries that grow a reservation or draw on a lease, calls that count on an instant of
-- their own, what an open reservation holds by now, sums by slot, and what compaction carries on.
-- A CHECK can't be changed in place, so the journal is copied; its rows stay as they are.
CREATE TABLE entry_2 (
  seq         INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 12),
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
  CHECK ((kind IN (1, 8, 11, 12)) = (id IS NOT NULL AND labels_id IS NOT NULL)),
  CHECK ((kind IN (1, 8, 12)) = (ref IS NULL)),
  CHECK ((kind IN (1, 4, 7, 8, 9, 10, 11, 12)) = (quantities IS NOT NULL)),
  CHECK ((quantities IS NULL) = (provenance IS NULL)),
  CHECK ((quantities IS NULL) = (outcome IS NULL)),
  CHECK (booked_at IS NULL OR kind IN (8, 11))
) STRICT;
INSERT INTO entry_2
SELECT seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance, outcome,
       served_id, duration_ms, note, owner_id, expires_at, NULL
FROM entry;
DROP TABLE entry;
ALTER TABLE entry_2 RENAME TO entry;
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;
CREATE INDEX entry_booked ON entry (booked_at) WHERE booked_at IS NOT NULL;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
-- A row in here, for the length of one transaction, is compaction at work.
CREATE TABLE compacting (before_at INTEGER NOT NULL) STRICT;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
WHEN NOT EXISTS (SELECT 1 FROM compacting)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- Reservations that are open, as they are after everything that was said of them; derived.
CREATE TABLE hold_2 (
  seq        INTEGER PRIMARY KEY REFERENCES entry (seq),
  owner      TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  sent       INTEGER NOT NULL CHECK (sent IN (0, 1)),
  quantities TEXT NOT NULL,
  cost_pico  INTEGER CHECK (cost_pico >= 0)
) STRICT;
INSERT INTO hold_2
SELECT h.seq, h.owner, h.expires_at,
       EXISTS (SELECT 1 FROM entry AS s WHERE s.ref = h.seq AND s.kind = 2), e.quantities, e.cost_pico
FROM hold AS h JOIN entry AS e ON e.seq = h.seq;
DROP TABLE hold;
ALTER TABLE hold_2 RENAME TO hold;
CREATE INDEX hold_expires ON hold (expires_at);

-- What was used in five minutes under one set of labels: derived, and checked by verify. `totals`
-- are quantities and cost in the text of stores/sql/codes.py: sums may be beyond 64 bits.
CREATE TABLE slot (
  slot_at    INTEGER NOT NULL,
  labels_id  INTEGER NOT NULL REFERENCES labels (labels_id),
  provenance INTEGER NOT NULL,
  outcome    INTEGER NOT NULL,
  calls      INTEGER NOT NULL CHECK (calls > 0),
  unpriced   INTEGER NOT NULL CHECK (unpriced BETWEEN 0 AND calls),
  totals     TEXT NOT NULL,
  PRIMARY KEY (slot_at, labels_id, provenance, outcome)
) STRICT, WITHOUT ROWID;

-- What each account used in five minutes: derived from slots, for forecasts.
CREATE TABLE pace (
  slot_at    INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  used       INTEGER NOT NULL,
  PRIMARY KEY (account_id, slot_at)
) STRICT, WITHOUT ROWID;

-- What the journal no longer has since it was compacted: verify starts from these.
CREATE TABLE carried_slot (
  slot_at    INTEGER NOT NULL,
  labels_id  INTEGER NOT NULL REFERENCES labels (labels_id),
  provenance INTEGER NOT NULL,
  outcome    INTEGER NOT NULL,
  calls      INTEGER NOT NULL CHECK (calls > 0),
  unpriced   INTEGER NOT NULL CHECK (unpriced BETWEEN 0 AND calls),
  totals     TEXT NOT NULL,
  PRIMARY KEY (slot_at, labels_id, provenance, outcome)
) STRICT, WITHOUT ROWID;
CREATE TABLE carried_balance (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  overage    INTEGER NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;
