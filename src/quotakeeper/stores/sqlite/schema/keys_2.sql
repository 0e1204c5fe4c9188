-- The tables of virtual keys, schema 2. They are made with the first key, and have a version number
-- of their own: a quotakeeper that does not know them can still use the ledger.
CREATE TABLE virtual_key_meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO virtual_key_meta (key, value) VALUES ('schema', '2');

CREATE TABLE virtual_key (
  key_id      TEXT PRIMARY KEY CHECK (length(key_id) BETWEEN 1 AND 64),
  name        TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 256),
  project     TEXT NOT NULL CHECK (length(project) <= 256),
  labels      TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'revoked')),
  expires_at  INTEGER CHECK (expires_at >= 0),
  providers   TEXT NOT NULL,
  models      TEXT NOT NULL,
  networks    TEXT NOT NULL,
  concurrency INTEGER CHECK (concurrency > 0),
  on_gone     TEXT NOT NULL CHECK (on_gone IN ('cancel', 'drain')),
  on_limit    TEXT NOT NULL,
  made_at     INTEGER NOT NULL CHECK (made_at >= 0),
  version     INTEGER NOT NULL CHECK (version > 0),
  limits      TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

-- `digest` is the SHA-256 of a secret in hexadecimal. The secret itself is never stored.
CREATE TABLE virtual_key_secret (
  digest    TEXT PRIMARY KEY CHECK (length(digest) = 64),
  key_id    TEXT NOT NULL REFERENCES virtual_key (key_id),
  number    INTEGER NOT NULL CHECK (number >= 0),
  last_four TEXT NOT NULL CHECK (length(last_four) = 4),
  made_at   INTEGER NOT NULL CHECK (made_at >= 0),
  ends_at   INTEGER CHECK (ends_at >= 0),
  UNIQUE (key_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE virtual_key_audit (
  seq         INTEGER PRIMARY KEY,
  key_id      TEXT NOT NULL,
  act         TEXT NOT NULL,
  actor       TEXT NOT NULL CHECK (length(actor) <= 256),
  at          INTEGER NOT NULL CHECK (at >= 0),
  why         TEXT NOT NULL CHECK (length(why) <= 256),
  before_json TEXT NOT NULL,
  after_json  TEXT NOT NULL
) STRICT;
CREATE TRIGGER virtual_key_audit_is_never_changed BEFORE UPDATE ON virtual_key_audit
BEGIN SELECT RAISE (ABORT, 'the audit is append-only'); END;
CREATE TRIGGER virtual_key_audit_is_never_deleted BEFORE DELETE ON virtual_key_audit
BEGIN SELECT RAISE (ABORT, 'the audit is append-only'); END;
-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER virtual_key_audit_is_never_replaced BEFORE INSERT ON virtual_key_audit
WHEN EXISTS (SELECT 1 FROM virtual_key_audit WHERE seq = NEW.seq)
BEGIN SELECT RAISE (ABORT, 'the audit is append-only'); END;
-- Without these, a key could be deleted and its name used again.
CREATE TRIGGER virtual_key_is_never_deleted BEFORE DELETE ON virtual_key
BEGIN SELECT RAISE (ABORT, 'a key is never deleted'); END;
CREATE TRIGGER virtual_key_secret_is_never_deleted BEFORE DELETE ON virtual_key_secret
BEGIN SELECT RAISE (ABORT, 'a key is never deleted'); END;
