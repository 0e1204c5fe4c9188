-- Schema 1. Applied in one transaction; PRAGMA user_version and application_id are set beside it.
CREATE TABLE word (
  word_id INTEGER PRIMARY KEY,
  text    TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE labels (
  labels_id INTEGER PRIMARY KEY,
  provider  TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 256),
  model     TEXT NOT NULL CHECK (length(model) <= 256),
  operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 256),
  scope     TEXT NOT NULL,
  UNIQUE (provider, model, operation, scope)
) STRICT;

-- The journal: append-only. kind, provenance and outcome are the codes of stores/sql/codec.py.
CREATE TABLE entry (
  seq         INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 9),
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
  CHECK ((kind IN (1, 8)) = (id IS NOT NULL AND labels_id IS NOT NULL)),
  CHECK ((kind IN (1, 8)) = (ref IS NULL)),
  CHECK ((kind IN (1, 4, 7, 8, 9)) = (quantities IS NOT NULL)),
  CHECK ((quantities IS NULL) = (provenance IS NULL)),
  CHECK ((quantities IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;

CREATE TABLE account (
  account_id INTEGER PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  meter      TEXT NOT NULL,
  window     TEXT NOT NULL,
  timezone   TEXT NOT NULL,
  provider   TEXT NOT NULL,
  model      TEXT NOT NULL,
  operation  TEXT NOT NULL,
  scope      TEXT NOT NULL,
  since_at   INTEGER NOT NULL
) STRICT;

-- Derived from the journal, and checked against it by verify.
CREATE TABLE balance (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  reserved   INTEGER NOT NULL CHECK (reserved >= 0),
  overage    INTEGER NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;

-- Reservations that are open; derived too.
CREATE TABLE hold (
  seq        INTEGER PRIMARY KEY REFERENCES entry (seq),
  owner      TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hold_expires ON hold (expires_at);
