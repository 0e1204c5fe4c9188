-- A ledger of schema 1 as quotakeeper 0.1 wrote it, after the batches of lifetime.py: a dump.
-- New schemas are tried on it, so it is never written again.
BEGIN TRANSACTION;
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
INSERT INTO "account" VALUES(1,'input_tokens|day|UTC||||','input_tokens','day','UTC','','','','',1795392000000000);
INSERT INTO "account" VALUES(2,'input_tokens|rolling 1h|UTC||||','input_tokens','rolling 1h','UTC','','','','',1795431600000000);
CREATE TABLE balance (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  reserved   INTEGER NOT NULL CHECK (reserved >= 0),
  overage    INTEGER NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;
INSERT INTO "balance" VALUES(1,1795392000000000,35,80,5);
INSERT INTO "balance" VALUES(2,1795435200000000,35,80,5);
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
INSERT INTO "entry" VALUES(1,1,1795435200000000,NULL,'a',1,'{"input_tokens":40}',NULL,NULL,1,1,NULL,NULL,NULL,1,1795438800000000);
INSERT INTO "entry" VALUES(2,8,1795435200000000,NULL,'b',1,'{"input_tokens":1}',NULL,NULL,1,1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(3,2,1795435200000000,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(4,1,1795435200000000,NULL,'held',1,'{"input_tokens":40}',NULL,NULL,1,1,NULL,NULL,NULL,1,1795438800000000);
INSERT INTO "entry" VALUES(5,1,1795435200000000,NULL,'sent',1,'{"input_tokens":40}',NULL,NULL,1,1,NULL,NULL,NULL,1,1795438800000000);
INSERT INTO "entry" VALUES(6,2,1795435200000000,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(7,4,1795435200000000,1,NULL,NULL,'{"input_tokens":30}',NULL,NULL,1,1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(8,1,1795435200000000,NULL,'given back',1,'{"input_tokens":40}',NULL,NULL,1,1,NULL,NULL,NULL,1,1795438800000000);
INSERT INTO "entry" VALUES(9,5,1795435200000000,8,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(10,9,1795435200000000,2,NULL,NULL,'{"input_tokens":2}',NULL,NULL,1,1,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(11,8,1795435200000000,NULL,'d',1,'{"input_tokens":3}',NULL,NULL,1,1,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE hold (
  seq        INTEGER PRIMARY KEY REFERENCES entry (seq),
  owner      TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO "hold" VALUES(4,'me',1795438800000000);
INSERT INTO "hold" VALUES(5,'me',1795438800000000);
CREATE TABLE labels (
  labels_id INTEGER PRIMARY KEY,
  provider  TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 256),
  model     TEXT NOT NULL CHECK (length(model) <= 256),
  operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 256),
  scope     TEXT NOT NULL,
  UNIQUE (provider, model, operation, scope)
) STRICT;
INSERT INTO "labels" VALUES(1,'gemini','gemini-2.0-flash','translate','');
CREATE TABLE word (
  word_id INTEGER PRIMARY KEY,
  text    TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "word" VALUES(1,'me');
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE INDEX hold_expires ON hold (expires_at);
COMMIT;
