-- The statements on the tables of virtual keys. They are separate from statements.sql, because a
-- ledger without keys does not have these tables.

-- name: schema_of_keys
SELECT value FROM virtual_key_meta WHERE key = 'schema'

-- name: keys
SELECT key_id, name, project, labels, state, expires_at, providers, models, networks, concurrency,
       on_gone, on_limit, made_at, version, limits
FROM virtual_key ORDER BY made_at, name

-- name: key_named
SELECT key_id, name, project, labels, state, expires_at, providers, models, networks, concurrency,
       on_gone, on_limit, made_at, version, limits
FROM virtual_key WHERE name = ?

-- name: key_of_digest
SELECT k.key_id, k.name, k.project, k.labels, k.state, k.expires_at, k.providers, k.models,
       k.networks, k.concurrency, k.on_gone, k.on_limit, k.made_at, k.version, k.limits
FROM virtual_key_secret AS s JOIN virtual_key AS k ON k.key_id = s.key_id
WHERE s.digest = ?

-- name: secrets_of_key
SELECT key_id, digest, last_four, made_at, ends_at FROM virtual_key_secret
WHERE key_id = ? ORDER BY number

-- name: all_secrets
SELECT key_id, digest, last_four, made_at, ends_at FROM virtual_key_secret ORDER BY key_id, number

-- name: put_key
INSERT INTO virtual_key (key_id, name, project, labels, state, expires_at, providers, models,
                         networks, concurrency, on_gone, on_limit, made_at, version, limits)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key_id) DO UPDATE
SET name = excluded.name, project = excluded.project, labels = excluded.labels,
    state = excluded.state, expires_at = excluded.expires_at, providers = excluded.providers,
    models = excluded.models, networks = excluded.networks, concurrency = excluded.concurrency,
    on_gone = excluded.on_gone, on_limit = excluded.on_limit, version = excluded.version,
    limits = excluded.limits

-- name: put_secret
INSERT INTO virtual_key_secret (digest, key_id, number, last_four, made_at, ends_at)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET ends_at = excluded.ends_at

-- name: newest_audit
SELECT coalesce(max(seq), 0) FROM virtual_key_audit

-- name: add_audit
INSERT INTO virtual_key_audit (seq, key_id, act, actor, at, why, before_json, after_json)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: audit
SELECT seq, key_id, act, actor, at, why, before_json, after_json
FROM virtual_key_audit WHERE seq > ? ORDER BY seq LIMIT ?

-- name: audit_of_key
SELECT seq, key_id, act, actor, at, why, before_json, after_json
FROM virtual_key_audit WHERE seq > ? AND key_id = ? ORDER BY seq LIMIT ?

-- name: change_audit
UPDATE virtual_key_audit SET before_json = ?, after_json = ? WHERE seq = ?
