-- The statements on the tables of alerts. They are separate from statements.sql, because a ledger
-- without alerts does not have these tables.

-- name: alert_meta
SELECT value FROM alert_meta WHERE key = ?

-- name: put_alert_meta
INSERT INTO alert_meta (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: has_alert
SELECT 1 FROM alert WHERE alert_id = ?

-- name: add_alert
INSERT INTO alert (alert_id, at, made_at, document) VALUES (?, ?, ?, ?)

-- name: add_delivery
INSERT INTO alert_delivery (alert_id, channel, state, attempts, next_at, digest_at, claim, claimed_until,
                            answer)
VALUES (?, ?, 'waiting', 0, ?, ?, '', 0, '')

-- name: due_delivery
SELECT d.alert_id, d.attempts, a.made_at, d.digest_at, a.document
FROM alert_delivery AS d JOIN alert AS a ON a.alert_id = d.alert_id
WHERE d.channel = ? AND d.state = 'waiting'
  AND (d.next_at <= ? OR d.next_at > ?) AND (d.claimed_until <= ? OR d.claimed_until > ?)
ORDER BY d.attempts, a.number LIMIT 1

-- name: digest_deliveries
SELECT d.alert_id, d.attempts, a.made_at, d.digest_at, a.document
FROM alert_delivery AS d JOIN alert AS a ON a.alert_id = d.alert_id
WHERE d.channel = ? AND d.state = 'waiting' AND d.digest_at = ?
  AND (d.claimed_until <= ? OR d.claimed_until > ?)
ORDER BY a.number

-- name: claim_delivery
UPDATE alert_delivery SET claim = ?, claimed_until = ? WHERE alert_id = ? AND channel = ?

-- name: claim_of
SELECT claim, state FROM alert_delivery WHERE alert_id = ? AND channel = ?

-- name: finish_delivery
UPDATE alert_delivery
SET state = ?, attempts = attempts + 1, next_at = ?, claim = '', claimed_until = 0, answer = ?,
    ended_at = ?
WHERE alert_id = ? AND channel = ?

-- name: postpone_channel
UPDATE alert_delivery SET next_at = ? WHERE channel = ? AND state = 'waiting' AND next_at < ?

-- name: deliveries
SELECT a.document, d.channel, d.state, d.attempts, d.next_at, d.answer, d.ended_at
FROM alert AS a JOIN alert_delivery AS d ON d.alert_id = a.alert_id
WHERE a.at >= ? ORDER BY a.number DESC, d.channel LIMIT ?

-- name: all_alerts
SELECT alert_id, document FROM alert

-- name: put_document
UPDATE alert SET document = ? WHERE alert_id = ?

-- name: old_deliveries
DELETE FROM alert_delivery WHERE alert_id IN (SELECT alert_id FROM alert WHERE made_at < ?)

-- name: old_alerts
DELETE FROM alert WHERE made_at < ?
