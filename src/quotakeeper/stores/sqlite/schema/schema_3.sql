-- Schema 3: crossings of thresholds, as entries of the journal. A CHECK can't be changed in place,
-- so the journal is copied; its rows stay as they are. No limits are known here: what stands above a
-- threshold by now is crossed by the next booking, once.
CREATE TABLE entry_3 (
  seq         INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 13),
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
  CHECK ((kind IN (1, 8, 12, 13)) = (ref IS NULL)),
  CHECK ((kind IN (1, 4, 7, 8, 9, 10, 11, 12)) = (quantities IS NOT NULL)),
  CHECK ((quantities IS NULL) = (provenance IS NULL)),
  CHECK ((quantities IS NULL) = (outcome IS NULL)),
  CHECK (booked_at IS NULL OR kind IN (8, 11)),
  CHECK (kind <> 13 OR (id IS NULL AND labels_id IS NULL))
) STRICT;
INSERT INTO entry_3
SELECT seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance, outcome,
       served_id, duration_ms, note, owner_id, expires_at, booked_at
FROM entry;
DROP TABLE entry;
ALTER TABLE entry_3 RENAME TO entry;
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

-- What an entry of kind 13 says. `start_at` is 0 for a rolling window.
CREATE TABLE crossing (
  seq        INTEGER PRIMARY KEY REFERENCES entry (seq),
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  name       TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  level      INTEGER NOT NULL CHECK (level > 0),
  start_at   INTEGER NOT NULL CHECK (start_at >= 0),
  turn       INTEGER NOT NULL CHECK (turn > 0),
  used       INTEGER NOT NULL CHECK (used >= level),
  UNIQUE (account_id, name, amount, level, start_at, turn)
) STRICT;
CREATE TRIGGER crossing_is_never_changed BEFORE UPDATE ON crossing
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER crossing_is_never_deleted BEFORE DELETE ON crossing
WHEN NOT EXISTS (SELECT 1 FROM compacting)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER crossing_is_never_replaced BEFORE INSERT ON crossing
WHEN EXISTS (SELECT 1 FROM crossing WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM crossing
             WHERE account_id = NEW.account_id AND name = NEW.name AND amount = NEW.amount
               AND level = NEW.level AND start_at = NEW.start_at AND turn = NEW.turn)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- Where each threshold stands that was crossed: in which period and turn, and whether use is still
-- at or above it. Derived, and checked by verify.
CREATE TABLE mark (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  name       TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  level      INTEGER NOT NULL,
  start_at   INTEGER NOT NULL,
  turn       INTEGER NOT NULL CHECK (turn > 0),
  stands     INTEGER NOT NULL CHECK (stands IN (0, 1)),
  PRIMARY KEY (account_id, name, amount, level)
) STRICT, WITHOUT ROWID;
