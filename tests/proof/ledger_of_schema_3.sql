-- A ledger of schema 3 as quotakeeper 0.1 wrote it: compacted, with a lease, grown, drawn on, and
-- corrected calls, labels, and crossings of which one was fallen below. New schemas are tried on it,
-- so it is never written again.
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
INSERT INTO "account" VALUES(1,'input_tokens|rolling 24h|UTC||||','input_tokens','rolling 24h','UTC','','','','',1795348800000000);
INSERT INTO "account" VALUES(2,'input_tokens|day|UTC||||','input_tokens','day','UTC','','','','',1802304000000000);
INSERT INTO "account" VALUES(3,'cost|month|Asia/Ho_Chi_Minh||||','cost','month','Asia/Ho_Chi_Minh','','','','',1801414800000000);
CREATE TABLE balance (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  reserved   INTEGER NOT NULL CHECK (reserved >= 0),
  overage    INTEGER NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;
INSERT INTO "balance" VALUES(1,1795435200000000,73,0,73);
INSERT INTO "balance" VALUES(1,1802347200000000,85,8,59);
INSERT INTO "balance" VALUES(2,1802304000000000,85,8,59);
INSERT INTO "balance" VALUES(3,1801414800000000,825,60,740);
CREATE TABLE carried_balance (
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  overage    INTEGER NOT NULL CHECK (overage >= 0),
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;
INSERT INTO "carried_balance" VALUES(1,1795435200000000,73,73);
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
INSERT INTO "carried_slot" VALUES(1795435200000000,1,1,1,1,0,'i70z300');
INSERT INTO "carried_slot" VALUES(1795435200000000,2,1,1,1,0,'i3z9');
CREATE TABLE compacting (before_at INTEGER NOT NULL) STRICT;
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
INSERT INTO "crossing" VALUES(13,2,'cap',100,80,1802304000000000,1,86);
INSERT INTO "crossing" VALUES(14,1,'rolling',80,64,0,2,86);
INSERT INTO "crossing" VALUES(15,1,'rolling',80,76,0,1,86);
INSERT INTO "crossing" VALUES(16,1,'rolling',80,80,0,1,86);
INSERT INTO "crossing" VALUES(17,3,'money',1000,800,1801414800000000,1,835);
INSERT INTO "crossing" VALUES(20,2,'cap',100,80,1802304000000000,2,85);
INSERT INTO "crossing" VALUES(21,1,'rolling',80,80,0,2,85);
INSERT INTO "crossing" VALUES(22,3,'money',1000,800,1801414800000000,2,825);
CREATE TABLE "entry" (
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
INSERT INTO "entry" VALUES(4,12,1802347200000000,NULL,'a',1,'i30',100,NULL,1,1,NULL,NULL,NULL,1,1802350800000000,NULL);
INSERT INTO "entry" VALUES(5,8,1802347200000000,NULL,'b',2,'i20',70,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(6,1,1802347200000000,NULL,'quotakeeper-lease:one',1,'i12',90,NULL,1,1,NULL,NULL,NULL,1,1802350800000000,NULL);
INSERT INTO "entry" VALUES(7,10,1802347200000000,4,NULL,NULL,'i5',10,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(8,11,1802347200000000,6,'drawn',1,'i4',30,NULL,1,1,NULL,NULL,NULL,1,1802350800000000,NULL);
INSERT INTO "entry" VALUES(9,11,1802347200000000,6,'drawn and open',1,'i4',30,NULL,1,1,NULL,NULL,NULL,1,1802350800000000,NULL);
INSERT INTO "entry" VALUES(10,4,1802347200000000,4,NULL,NULL,'i33',105,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(11,4,1802347200000000,8,NULL,NULL,'i3',20,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(12,8,1802347200000000,NULL,'crosses',1,'i30',640,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(13,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(14,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(15,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(16,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(17,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(18,9,1802347200000000,12,NULL,NULL,'i20',600,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(19,8,1802347200000000,NULL,'crosses again',2,'i9',30,NULL,1,1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(20,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(21,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entry" VALUES(22,13,1802347200000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE "hold" (
  seq        INTEGER PRIMARY KEY REFERENCES entry (seq),
  owner      TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  sent       INTEGER NOT NULL CHECK (sent IN (0, 1)),
  quantities TEXT NOT NULL,
  cost_pico  INTEGER CHECK (cost_pico >= 0)
) STRICT;
INSERT INTO "hold" VALUES(6,'alice',1802350800000000,0,'i4',30);
INSERT INTO "hold" VALUES(9,'alice',1802350800000000,1,'i4',30);
CREATE TABLE labels (
  labels_id INTEGER PRIMARY KEY,
  provider  TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 256),
  model     TEXT NOT NULL CHECK (length(model) <= 256),
  operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 256),
  scope     TEXT NOT NULL,
  UNIQUE (provider, model, operation, scope)
) STRICT;
INSERT INTO "labels" VALUES(1,'gemini','gemini-2.0-flash','translate','');
INSERT INTO "labels" VALUES(2,'gemini','gemini-2.0-flash','translate','{"user":"lan"}');
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
INSERT INTO "mark" VALUES(1,'rolling',80,64,0,2,1);
INSERT INTO "mark" VALUES(1,'rolling',80,76,0,1,1);
INSERT INTO "mark" VALUES(1,'rolling',80,80,0,2,1);
INSERT INTO "mark" VALUES(2,'cap',100,80,1802304000000000,2,1);
INSERT INTO "mark" VALUES(3,'money',1000,800,1801414800000000,2,1);
CREATE TABLE pace (
  slot_at    INTEGER NOT NULL,
  account_id INTEGER NOT NULL REFERENCES account (account_id),
  used       INTEGER NOT NULL,
  PRIMARY KEY (account_id, slot_at)
) STRICT, WITHOUT ROWID;
INSERT INTO "pace" VALUES(1795435200000000,1,73);
INSERT INTO "pace" VALUES(1802347200000000,1,85);
INSERT INTO "pace" VALUES(1802347200000000,2,85);
INSERT INTO "pace" VALUES(1802347200000000,3,825);
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
INSERT INTO "slot" VALUES(1795435200000000,1,1,1,1,0,'i70z300');
INSERT INTO "slot" VALUES(1795435200000000,2,1,1,1,0,'i3z9');
INSERT INTO "slot" VALUES(1802347200000000,1,1,1,3,0,'i56z725');
INSERT INTO "slot" VALUES(1802347200000000,2,1,1,2,0,'i29z100');
CREATE TABLE word (
  word_id INTEGER PRIMARY KEY,
  text    TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "word" VALUES(1,'alice');
CREATE INDEX hold_expires ON hold (expires_at);
CREATE UNIQUE INDEX entry_id ON entry (id) WHERE id IS NOT NULL;
CREATE INDEX entry_ref ON entry (ref) WHERE ref IS NOT NULL;
CREATE INDEX entry_booked ON entry (booked_at) WHERE booked_at IS NOT NULL;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
WHEN NOT EXISTS (SELECT 1 FROM compacting)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER crossing_is_never_changed BEFORE UPDATE ON crossing
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER crossing_is_never_deleted BEFORE DELETE ON crossing
WHEN NOT EXISTS (SELECT 1 FROM compacting)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
CREATE TRIGGER crossing_is_never_replaced BEFORE INSERT ON crossing
WHEN EXISTS (SELECT 1 FROM crossing WHERE seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM crossing
             WHERE account_id = NEW.account_id AND name = NEW.name AND amount = NEW.amount
               AND level = NEW.level AND start_at = NEW.start_at AND turn = NEW.turn)
BEGIN SELECT RAISE (ABORT, 'the journal is append-only'); END;
COMMIT;
