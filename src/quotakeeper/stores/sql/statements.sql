-- Every statement a store in SQL carries out, by name. Values are always bound, never written into
-- the text. `{name}` stands for a fragment. A statement with `VALUES (?)` after FROM or IN is asked
-- for many keys at once: see SqlSession.rows_of.

-- fragment: entry_columns
seq, kind, at, ref, id, labels_id, quantities, cost_pico, price_id, provenance, outcome,
       served_id, duration_ms, note, owner_id, expires_at, booked_at

-- An opening entry `o` that counts, and the newest entry `f` with its figures.
-- fragment: counted_entries
entry AS o JOIN entry AS f
  ON f.seq = coalesce((SELECT max(s.seq) FROM entry AS s
                       WHERE s.ref = o.seq AND s.kind IN (4, 7, 9)),
                      CASE o.kind WHEN 8 THEN o.seq END)

-- fragment: events
SELECT o.seq, o.kind, o.at, NULL, o.id, o.labels_id, f.quantities, f.cost_pico, f.price_id,
       f.provenance, f.outcome, f.served_id, f.duration_ms, f.note, NULL, NULL, o.booked_at
FROM {counted_entries}
LEFT JOIN labels AS l ON l.labels_id = o.labels_id
WHERE o.kind IN (1, 8, 11, 12) AND o.seq > :after AND o.seq < :before
  AND coalesce(o.booked_at, o.at) >= :since AND coalesce(o.booked_at, o.at) < :until
  AND (l.labels_id IS NULL OR (
    (:provider = '' OR l.provider = :provider)
    AND (:model = '' OR l.model = :model)
    AND (:operation = '' OR l.operation = :operation)))

-- name: head
SELECT seq, at FROM entry ORDER BY seq DESC LIMIT 1

-- name: instant_of
SELECT at FROM entry WHERE seq = ?

-- name: refs_after
SELECT ref FROM entry WHERE seq > ? AND ref IS NOT NULL

-- name: opening_by_id
SELECT {entry_columns}
FROM entry WHERE id = ?

-- name: entry_by_seq
SELECT {entry_columns}
FROM entry WHERE seq = ?

-- name: openings_by_id
SELECT {entry_columns}
FROM entry WHERE id IN (VALUES (?))

-- name: openings_by_seq
SELECT {entry_columns}
FROM entry WHERE seq IN (VALUES (?))

-- How a call ended, and what became of it then; not what was said of it while it was open, nor what
-- was drawn out of it.
-- fragment: only_ends
kind NOT IN (2, 3, 10, 11) ORDER BY seq

-- name: ends
SELECT {entry_columns}
FROM entry WHERE ref = ? AND {only_ends}

-- name: ends_of
SELECT {entry_columns}
FROM entry WHERE ref IN (VALUES (?)) AND {only_ends}

-- name: last_booked
SELECT max(seq) FROM entry WHERE booked_at >= ? AND booked_at < ?

-- name: entries_after
SELECT {entry_columns}
FROM entry WHERE seq > ? ORDER BY seq LIMIT ?

-- name: events_up
{events} ORDER BY o.seq LIMIT :page

-- name: events_down
{events} ORDER BY o.seq DESC LIMIT :page

-- name: usage_since
SELECT o.seq, coalesce(o.booked_at, o.at), o.labels_id, f.quantities, f.cost_pico, 0
FROM {counted_entries}
WHERE o.kind IN (1, 8, 11, 12) AND o.seq > ?

-- name: holds_since
SELECT o.seq, coalesce(o.booked_at, o.at), o.labels_id, h.quantities, h.cost_pico,
       o.kind <> 11
FROM hold AS h JOIN entry AS o ON o.seq = h.seq
WHERE h.seq > ?

-- name: hold_count
SELECT count(*) FROM hold

-- name: holds
SELECT seq FROM hold ORDER BY seq

-- name: hold_rows
SELECT seq, owner, expires_at, sent, quantities, cost_pico FROM hold

-- name: hold_of
SELECT owner, expires_at, sent, quantities, cost_pico FROM hold WHERE seq = ?

-- name: holds_of
SELECT seq, owner, expires_at, sent, quantities, cost_pico FROM hold WHERE seq IN (VALUES (?))

-- name: holds_of_nothing
SELECT h.seq FROM hold AS h LEFT JOIN entry AS e ON e.seq = h.seq AND e.kind IN (1, 11, 12)
WHERE e.seq IS NULL

-- name: holds_expired
SELECT seq FROM hold WHERE expires_at <= ?

-- name: hold_owners
SELECT DISTINCT owner FROM hold

-- name: holds_of_owner
SELECT seq FROM hold WHERE owner = ?

-- name: accounts
SELECT account_id, meter, window, timezone, provider, model, operation, scope, per, since_at
FROM account WHERE account_id > ? ORDER BY account_id

-- Before schema 4, no account stood for the values of a label.
-- name: accounts_of_old
SELECT account_id, meter, window, timezone, provider, model, operation, scope, '' FROM account

-- name: balance
SELECT settled, reserved, overage FROM balance WHERE account_id = ? AND start_at = ?

-- name: balances_after
SELECT start_at, settled, reserved, overage FROM balance WHERE account_id = ? AND start_at > ?

-- The tables below are joined to their keys: SQLite would read all of them for a key of two columns
-- after IN.
-- name: balances_of
SELECT b.account_id, b.start_at, b.settled, b.reserved, b.overage
FROM (VALUES (?, ?)) AS wanted CROSS JOIN balance AS b
WHERE b.account_id = wanted.column1 AND b.start_at = wanted.column2

-- name: balances_after_each
SELECT b.account_id, b.start_at, b.settled, b.reserved, b.overage
FROM (VALUES (?, ?)) AS wanted CROSS JOIN balance AS b
WHERE b.account_id = wanted.column1 AND b.start_at > wanted.column2

-- name: labels_by_id
SELECT provider, model, operation, scope FROM labels WHERE labels_id = ?

-- name: labels_numbers
SELECT labels_id FROM labels

-- name: labels_find
SELECT labels_id FROM labels WHERE provider = ? AND model = ? AND operation = ? AND scope = ?

-- name: labels_by_ids
SELECT labels_id, provider, model, operation, scope FROM labels WHERE labels_id IN (VALUES (?))

-- name: labels_find_all
SELECT l.labels_id, l.provider, l.model, l.operation, l.scope
FROM (VALUES (?, ?, ?, ?)) AS wanted CROSS JOIN labels AS l
WHERE l.provider = wanted.column1 AND l.model = wanted.column2
  AND l.operation = wanted.column3 AND l.scope = wanted.column4

-- name: word_by_id
SELECT text FROM word WHERE word_id = ?

-- name: word_find
SELECT word_id FROM word WHERE text = ?

-- name: words_by_ids
SELECT word_id, text FROM word WHERE word_id IN (VALUES (?))

-- name: words_find_all
SELECT word_id, text FROM word WHERE text IN (VALUES (?))

-- name: add_labels
INSERT INTO labels (provider, model, operation, scope) VALUES (?, ?, ?, ?)

-- name: add_word
INSERT INTO word (text) VALUES (?)

-- name: add_account
INSERT INTO account (key, meter, window, timezone, provider, model, operation, scope, per, since_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: add_entry
INSERT INTO entry ({entry_columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_balance
INSERT INTO balance (account_id, start_at, settled, reserved, overage) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account_id, start_at) DO UPDATE
SET settled = excluded.settled, reserved = excluded.reserved, overage = excluded.overage

-- name: put_hold
INSERT INTO hold (seq, owner, expires_at, sent, quantities, cost_pico) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (seq) DO UPDATE
SET expires_at = excluded.expires_at, sent = excluded.sent, quantities = excluded.quantities,
    cost_pico = excluded.cost_pico

-- name: drop_hold
DELETE FROM hold WHERE seq = ?

-- name: slots_of
SELECT s.slot_at, s.labels_id, s.provenance, s.outcome, s.calls, s.unpriced, s.totals
FROM (VALUES (?, ?, ?, ?)) AS wanted CROSS JOIN slot AS s
WHERE s.slot_at = wanted.column1 AND s.labels_id = wanted.column2
  AND s.provenance = wanted.column3 AND s.outcome = wanted.column4

-- name: put_slot
INSERT INTO slot (slot_at, labels_id, provenance, outcome, calls, unpriced, totals)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (slot_at, labels_id, provenance, outcome) DO UPDATE
SET calls = excluded.calls, unpriced = excluded.unpriced, totals = excluded.totals

-- name: drop_slot
DELETE FROM slot WHERE slot_at = ? AND labels_id = ? AND provenance = ? AND outcome = ?

-- name: slots_between
SELECT slot_at, labels_id, provenance, outcome, calls, unpriced, totals FROM slot
WHERE slot_at >= ? AND slot_at < ? ORDER BY slot_at, labels_id, provenance, outcome

-- name: unpriced_slots
SELECT slot_at, labels_id, provenance, outcome, calls, unpriced, totals FROM slot
WHERE slot_at >= ? AND unpriced > 0 ORDER BY slot_at, labels_id, provenance, outcome

-- name: carried_slots
SELECT slot_at, labels_id, provenance, outcome, calls, unpriced, totals FROM carried_slot
WHERE slot_at >= ? AND slot_at < ? ORDER BY slot_at, labels_id, provenance, outcome

-- name: events_by_time
SELECT coalesce(o.booked_at, o.at) AS counts_at, o.labels_id, f.provenance, f.outcome,
       f.quantities, f.cost_pico
FROM {counted_entries}
WHERE o.kind IN (1, 8, 11, 12)
ORDER BY counts_at

-- Events that count in a span of time. Entries between `:after` and `:before` were written in that
-- span; events that were recorded late come from their index.
-- name: events_between
SELECT o.at AS counts_at, o.labels_id, f.provenance, f.outcome, f.quantities, f.cost_pico
FROM {counted_entries}
WHERE o.kind IN (1, 8, 11, 12) AND o.booked_at IS NULL AND o.seq > :after AND o.seq < :before
UNION ALL
SELECT o.booked_at, o.labels_id, f.provenance, f.outcome, f.quantities, f.cost_pico
FROM {counted_entries}
WHERE o.kind IN (1, 8, 11, 12) AND o.booked_at >= :since AND o.booked_at < :until
ORDER BY counts_at

-- name: openings_between
SELECT seq FROM entry WHERE seq > ? AND seq < ? AND kind IN (1, 8, 12) ORDER BY seq LIMIT ?

-- name: about
SELECT {entry_columns}
FROM entry WHERE seq = :seq
UNION ALL
SELECT {entry_columns}
FROM entry WHERE ref = :seq

-- name: begin_compacting
INSERT INTO compacting (before_at) VALUES (?)

-- name: end_compacting
DELETE FROM compacting

-- name: drop_entry
DELETE FROM entry WHERE seq = ?

-- name: carry_balance
INSERT INTO carried_balance (account_id, start_at, settled, overage) VALUES (?, ?, ?, ?)
ON CONFLICT (account_id, start_at) DO UPDATE
SET settled = carried_balance.settled + excluded.settled,
    overage = carried_balance.overage + excluded.overage

-- name: carried_balances
SELECT a.key, c.start_at, c.settled, c.overage
FROM carried_balance AS c JOIN account AS a ON a.account_id = c.account_id

-- name: carried_slot
SELECT calls, unpriced, totals FROM carried_slot
WHERE slot_at = ? AND labels_id = ? AND provenance = ? AND outcome = ?

-- name: put_carried_slot
INSERT INTO carried_slot (slot_at, labels_id, provenance, outcome, calls, unpriced, totals)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (slot_at, labels_id, provenance, outcome) DO UPDATE
SET calls = excluded.calls, unpriced = excluded.unpriced, totals = excluded.totals

-- name: add_pace
INSERT INTO pace (account_id, slot_at, used) VALUES (?, ?, ?)
ON CONFLICT (account_id, slot_at) DO UPDATE SET used = pace.used + excluded.used

-- name: pace_since
SELECT slot_at, used FROM pace WHERE account_id = ? AND slot_at >= ?

-- name: pace_between
SELECT slot_at, used FROM pace WHERE account_id = ? AND slot_at >= ? AND slot_at < ?

-- name: pace_at
SELECT used FROM pace WHERE account_id = ? AND slot_at = ?

-- name: crossing_of
SELECT a.key, c.name, c.amount, c.level, c.start_at, c.turn, c.used
FROM crossing AS c JOIN account AS a ON a.account_id = c.account_id
WHERE c.seq = ?

-- name: add_crossing
INSERT INTO crossing (seq, account_id, name, amount, level, start_at, turn, used)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: marks_of
SELECT name, amount, level, start_at, turn, stands FROM mark WHERE account_id = ?

-- name: put_mark
INSERT INTO mark (account_id, name, amount, level, start_at, turn, stands)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, name, amount, level) DO UPDATE
SET start_at = excluded.start_at, turn = excluded.turn, stands = excluded.stands

-- name: crossings_before
SELECT seq FROM crossing WHERE seq < ?

-- name: drop_crossing
DELETE FROM crossing WHERE seq = ?

-- name: drop_marks
DELETE FROM mark
WHERE start_at > 0 AND NOT EXISTS (
  SELECT 1 FROM crossing AS c
  WHERE c.account_id = mark.account_id AND c.name = mark.name AND c.amount = mark.amount
    AND c.level = mark.level AND c.start_at = mark.start_at AND c.turn = mark.turn)

-- name: notice_of
SELECT subject, why, by, until_at, account, amount, used, about FROM notice WHERE seq = ?

-- name: notices_after
SELECT n.seq, e.kind, e.at, n.subject, n.why, n.by, n.until_at, n.account, n.amount, n.used, n.about
FROM notice AS n JOIN entry AS e ON e.seq = n.seq
WHERE n.seq > ? ORDER BY n.seq

-- name: add_notice
INSERT INTO notice (seq, subject, why, by, until_at, account, amount, used, about)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_quota
INSERT INTO quota_seen (provider, model, quota_id, meter, window, amount, remaining, resets_at,
                        source, seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (provider, model, quota_id) DO UPDATE
SET meter = excluded.meter, window = excluded.window, amount = excluded.amount,
    remaining = excluded.remaining, resets_at = excluded.resets_at, source = excluded.source,
    seen_at = excluded.seen_at
WHERE excluded.seen_at >= quota_seen.seen_at

-- name: drop_quotas
DELETE FROM quota_seen WHERE seen_at < ?

-- name: quotas
SELECT provider, model, quota_id, meter, window, amount, remaining, resets_at, source, seen_at
FROM quota_seen ORDER BY provider, model, quota_id

-- name: reading_of
SELECT frame, wall_at, boot_us FROM clock_reading WHERE frame = ?

-- name: put_reading
INSERT INTO clock_reading (frame, wall_at, boot_us, turn)
VALUES (?, ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM clock_reading))
ON CONFLICT (frame) DO UPDATE
SET wall_at = excluded.wall_at, boot_us = excluded.boot_us, turn = excluded.turn

-- name: drop_readings
DELETE FROM clock_reading WHERE turn <= (SELECT max(turn) FROM clock_reading) - ?

-- The statements below set a ledger back that was carried ahead: see setting_back.py.
-- name: later_crossings
SELECT c.account_id, c.name, c.amount, c.level
FROM crossing AS c JOIN entry AS e ON e.seq = c.seq WHERE e.at > ?

-- name: drop_later_crossings
DELETE FROM crossing WHERE seq IN (SELECT seq FROM entry WHERE at > ?)

-- name: drop_later_lapses
DELETE FROM notice WHERE seq IN (SELECT seq FROM entry WHERE at > ? AND kind = 18)

-- name: drop_later_entries
DELETE FROM entry WHERE at > ? AND kind IN (13, 18)

-- name: set_back_notices
UPDATE notice
SET until_at = until_at - ((SELECT e.at FROM entry AS e WHERE e.seq = notice.seq) - :to)
WHERE seq IN (SELECT seq FROM entry WHERE at > :to AND kind IN (14, 16))

-- name: set_back_entries
UPDATE entry
SET expires_at = expires_at - (at - :to), booked_at = min(booked_at, :to), at = :to
WHERE at > :to

-- name: set_back_holds
UPDATE hold
SET expires_at = (
  SELECT e.expires_at FROM entry AS e
  WHERE e.seq = (
    SELECT max(x.seq) FROM entry AS x
    WHERE x.expires_at IS NOT NULL AND (x.seq = hold.seq OR (x.ref = hold.seq AND x.kind = 3))))

-- name: drop_slots_from
DELETE FROM slot WHERE slot_at >= ?

-- name: drop_carried_slots_from
DELETE FROM carried_slot WHERE slot_at >= ?

-- name: add_pace_up
INSERT INTO pace (account_id, slot_at, used)
SELECT account_id, :slot, sum(used) FROM pace WHERE slot_at > :slot GROUP BY account_id
ON CONFLICT (account_id, slot_at) DO UPDATE SET used = pace.used + excluded.used

-- name: drop_paces_after
DELETE FROM pace WHERE slot_at > ?

-- name: drop_paces_of
DELETE FROM pace WHERE account_id = ?

-- name: set_since
UPDATE account SET since_at = ? WHERE account_id = ?

-- name: carry_up
INSERT INTO carried_balance (account_id, start_at, settled, overage)
SELECT account_id, :start, sum(settled), sum(overage) FROM carried_balance
WHERE account_id = :account AND start_at > :start GROUP BY account_id
ON CONFLICT (account_id, start_at) DO UPDATE
SET settled = carried_balance.settled + excluded.settled,
    overage = carried_balance.overage + excluded.overage

-- name: drop_carried_after
DELETE FROM carried_balance WHERE account_id = :account AND start_at > :start

-- name: drop_carried_of
DELETE FROM carried_balance WHERE account_id = ?

-- name: drop_balances
DELETE FROM balance

-- name: drop_mark
DELETE FROM mark WHERE account_id = ? AND name = ? AND amount = ? AND level = ?

-- The statements below change the value of a label: see forgetting.py.
-- name: scopes
SELECT labels_id, scope FROM labels WHERE scope <> ''

-- name: calls_of_labels
SELECT sum(calls), max(slot_at) FROM slot WHERE labels_id = ?

-- name: holds_of_labels
SELECT count(*) FROM hold AS h JOIN entry AS e ON e.seq = h.seq WHERE e.labels_id = ?

-- name: notes_of_labels
SELECT count(*) FROM entry
WHERE note IS NOT NULL
  AND (labels_id = :labels OR ref IN (SELECT seq FROM entry WHERE labels_id = :labels))

-- name: clear_notes
UPDATE entry SET note = NULL
WHERE note IS NOT NULL
  AND (labels_id = :labels OR ref IN (SELECT seq FROM entry WHERE labels_id = :labels))

-- name: change_labels
UPDATE labels SET scope = ? WHERE labels_id = ?

-- name: change_account
UPDATE account SET key = ?, scope = ? WHERE account_id = ?

-- name: crossing_names
SELECT DISTINCT name FROM crossing

-- name: rename_crossing
UPDATE crossing SET name = ? WHERE name = ?

-- name: mark_names
SELECT DISTINCT name FROM mark

-- name: rename_mark
UPDATE mark SET name = ? WHERE name = ?

-- name: notice_names
SELECT seq, subject, account FROM notice

-- name: rename_notice
UPDATE notice SET subject = ?, account = ? WHERE seq = ?

-- The statements below keep what an earlier run verified: see verified_mark.py.
-- name: has_verified
SELECT count(*) FROM sqlite_schema WHERE name = 'verified'

-- name: verified
SELECT seq, at, accounts, labels, calls FROM verified

-- name: newest_numbers
SELECT (SELECT coalesce(max(account_id), 0) FROM account),
       (SELECT coalesce(max(labels_id), 0) FROM labels)

-- name: verified_balances
SELECT a.key, v.start_at, v.settled, v.reserved, v.overage
FROM verified_balance AS v JOIN account AS a ON a.account_id = v.account_id

-- Without the marks whose crossings were compacted since: `drop_marks` has dropped those.
-- name: verified_marks
SELECT a.key, v.name, v.amount, v.level, v.start_at, v.turn, v.stands
FROM verified_mark AS v JOIN account AS a ON a.account_id = v.account_id
WHERE v.start_at = 0 OR EXISTS (
  SELECT 1 FROM crossing AS c
  WHERE c.account_id = v.account_id AND c.name = v.name AND c.amount = v.amount
    AND c.level = v.level AND c.start_at = v.start_at AND c.turn = v.turn)

-- name: changed_balances
SELECT b.account_id, b.start_at, b.settled, b.reserved, b.overage
FROM balance AS b LEFT JOIN verified_balance AS v
  ON v.account_id = b.account_id AND v.start_at = b.start_at
WHERE v.account_id IS NULL OR v.settled <> b.settled OR v.reserved <> b.reserved
  OR v.overage <> b.overage

-- name: changed_marks
SELECT m.account_id, m.name, m.amount, m.level, m.start_at, m.turn, m.stands
FROM mark AS m LEFT JOIN verified_mark AS v
  ON v.account_id = m.account_id AND v.name = m.name AND v.amount = m.amount AND v.level = m.level
WHERE v.account_id IS NULL OR v.start_at <> m.start_at OR v.turn <> m.turn OR v.stands <> m.stands

-- name: gone_balances
SELECT v.account_id, v.start_at FROM verified_balance AS v
WHERE NOT EXISTS (SELECT 1 FROM balance AS b
                  WHERE b.account_id = v.account_id AND b.start_at = v.start_at)

-- name: gone_marks
SELECT v.account_id, v.name, v.amount, v.level FROM verified_mark AS v
WHERE NOT EXISTS (SELECT 1 FROM mark AS m
                  WHERE m.account_id = v.account_id AND m.name = v.name AND m.amount = v.amount
                    AND m.level = v.level)

-- name: put_verified
INSERT INTO verified (only_row, seq, at, accounts, labels, calls) VALUES (1, ?, ?, ?, ?, ?)
ON CONFLICT (only_row) DO UPDATE
SET seq = excluded.seq, at = excluded.at, accounts = excluded.accounts, labels = excluded.labels,
    calls = excluded.calls

-- name: put_verified_balance
INSERT INTO verified_balance (account_id, start_at, settled, reserved, overage)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account_id, start_at) DO UPDATE
SET settled = excluded.settled, reserved = excluded.reserved, overage = excluded.overage

-- name: put_verified_mark
INSERT INTO verified_mark (account_id, name, amount, level, start_at, turn, stands)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, name, amount, level) DO UPDATE
SET start_at = excluded.start_at, turn = excluded.turn, stands = excluded.stands

-- name: drop_verified_balance
DELETE FROM verified_balance WHERE account_id = ? AND start_at = ?

-- name: drop_verified_mark
DELETE FROM verified_mark WHERE account_id = ? AND name = ? AND amount = ? AND level = ?
