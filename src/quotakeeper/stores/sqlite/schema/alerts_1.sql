-- The tables of alerts, schema 1. They are made with the first alert or the first run, and have a
-- version number of their own: a quotakeeper that does not know them can still use the ledger.
-- Keys of alert_meta: schema, ledger (the identity in the ids of alerts), seq (the number of the last
-- entry that was read for alerts).
CREATE TABLE alert_meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO alert_meta (key, value) VALUES ('schema', '1');

CREATE TABLE alert (
  number   INTEGER PRIMARY KEY,
  alert_id TEXT NOT NULL UNIQUE CHECK (length(alert_id) BETWEEN 1 AND 64),
  at       INTEGER NOT NULL CHECK (at >= 0),
  made_at  INTEGER NOT NULL CHECK (made_at >= 0),
  document TEXT NOT NULL
) STRICT;
CREATE INDEX alert_at ON alert (at);

-- `digest_at` is the end of the quiet hours in which the alert was made; 0 for any other alert.
-- `claim` is the name of the process that may send now, until `claimed_until`; "" if none has it.
CREATE TABLE alert_delivery (
  alert_id      TEXT NOT NULL REFERENCES alert (alert_id),
  channel       TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
  state         TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
  attempts      INTEGER NOT NULL CHECK (attempts >= 0),
  next_at       INTEGER NOT NULL CHECK (next_at >= 0),
  digest_at     INTEGER NOT NULL CHECK (digest_at >= 0),
  claim         TEXT NOT NULL,
  claimed_until INTEGER NOT NULL CHECK (claimed_until >= 0),
  answer        TEXT NOT NULL,
  ended_at      INTEGER CHECK (ended_at >= 0),
  PRIMARY KEY (alert_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_delivery_due ON alert_delivery (channel, next_at) WHERE state = 'waiting';
