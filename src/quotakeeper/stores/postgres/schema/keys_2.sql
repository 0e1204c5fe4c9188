-- The tables of virtual keys, schema 2, in a database schema of their own: who may read the ledger
-- cannot read them. The search_path is that schema alone. Instants are microseconds since 1970 UTC.
CREATE TABLE virtual_key_meta (
  key   text COLLATE "C" PRIMARY KEY,
  value text COLLATE "C" NOT NULL
);
INSERT INTO virtual_key_meta (key, value) VALUES ('schema', '2');

CREATE TABLE virtual_key (
  key_id      text COLLATE "C" PRIMARY KEY CHECK (length(key_id) BETWEEN 1 AND 64),
  name        text COLLATE "C" NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 256),
  project     text COLLATE "C" NOT NULL CHECK (length(project) <= 256),
  labels      text COLLATE "C" NOT NULL,
  state       text COLLATE "C" NOT NULL CHECK (state IN ('active', 'disabled', 'revoked')),
  expires_at  bigint CHECK (expires_at >= 0),
  providers   text COLLATE "C" NOT NULL,
  models      text COLLATE "C" NOT NULL,
  networks    text COLLATE "C" NOT NULL,
  concurrency bigint CHECK (concurrency > 0),
  on_gone     text COLLATE "C" NOT NULL CHECK (on_gone IN ('cancel', 'drain')),
  on_limit    text COLLATE "C" NOT NULL,
  made_at     bigint NOT NULL CHECK (made_at >= 0),
  version     bigint NOT NULL CHECK (version > 0),
  limits      text COLLATE "C" NOT NULL DEFAULT '[]'
);

-- `digest` is the SHA-256 of a secret in hexadecimal. The secret itself is never stored.
CREATE TABLE virtual_key_secret (
  digest    text COLLATE "C" PRIMARY KEY CHECK (length(digest) = 64),
  key_id    text COLLATE "C" NOT NULL REFERENCES virtual_key (key_id),
  number    bigint NOT NULL CHECK (number >= 0),
  last_four text COLLATE "C" NOT NULL CHECK (length(last_four) = 4),
  made_at   bigint NOT NULL CHECK (made_at >= 0),
  ends_at   bigint CHECK (ends_at >= 0),
  UNIQUE (key_id, number)
);

CREATE TABLE virtual_key_audit (
  seq         bigint PRIMARY KEY,
  key_id      text COLLATE "C" NOT NULL,
  act         text COLLATE "C" NOT NULL,
  actor       text COLLATE "C" NOT NULL CHECK (length(actor) <= 256),
  at          bigint NOT NULL CHECK (at >= 0),
  why         text COLLATE "C" NOT NULL CHECK (length(why) <= 256),
  before_json text COLLATE "C" NOT NULL,
  after_json  text COLLATE "C" NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only, and a key is never deleted'
  USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON virtual_key_audit
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON virtual_key_audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_is_never_deleted BEFORE DELETE ON virtual_key
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER secret_is_never_deleted BEFORE DELETE ON virtual_key_secret
FOR EACH ROW EXECUTE FUNCTION refuse_change();
