-- Tables and views that are created beside the schema, without a version of their own: no older
-- version of this package reads them, and no later one depends on them. A later step that changes a
-- table has to drop the views first, and they are created again.

-- What the newest `verify` found: the last verified entry, and the state then. One row.
CREATE TABLE IF NOT EXISTS verified (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  accounts INTEGER NOT NULL,
  labels   INTEGER NOT NULL,
  calls    TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS verified_balance (
  account_id INTEGER NOT NULL,
  start_at   INTEGER NOT NULL,
  settled    INTEGER NOT NULL,
  reserved   INTEGER NOT NULL,
  overage    INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verified_mark (
  account_id INTEGER NOT NULL,
  name       TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  level      INTEGER NOT NULL,
  start_at   INTEGER NOT NULL,
  turn       INTEGER NOT NULL,
  stands     INTEGER NOT NULL,
  PRIMARY KEY (account_id, name, amount, level)
) STRICT, WITHOUT ROWID;

-- For programs that make reports. Times are UTC, in ISO 8601. Labels and quantities are JSON;
-- quantities have the amounts by meter, in base units, whatever their modality. They are made from
-- the stored text, such as 'i3211ia60r1': one code after the other, whose first letter is the meter.
-- Entries of schema 1 have JSON.

-- One row for each call that counts, with its newest figures.
CREATE VIEW IF NOT EXISTS call_view AS
SELECT c.id,
       strftime('%Y-%m-%dT%H:%M:%S', c.counts_at / 1000000, 'unixepoch')
         || printf('.%06dZ', c.counts_at % 1000000) AS counted_at,
       c.provider, c.model, c.operation, c.labels, c.quantities,
       coalesce(json_extract(c.quantities, '$.input_tokens'), 0) AS input_tokens,
       coalesce(json_extract(c.quantities, '$.cached_input_tokens'), 0) AS cached_input_tokens,
       coalesce(json_extract(c.quantities, '$.output_tokens'), 0) AS output_tokens,
       coalesce(json_extract(c.quantities, '$.thought_tokens'), 0) AS thought_tokens,
       coalesce(json_extract(c.quantities, '$.audio_milliseconds'), 0) AS audio_milliseconds,
       coalesce(json_extract(c.quantities, '$.session_milliseconds'), 0) AS session_milliseconds,
       coalesce(json_extract(c.quantities, '$.characters'), 0) AS characters,
       coalesce(json_extract(c.quantities, '$.requests'), 0) AS requests,
       coalesce(json_extract(c.quantities, '$.searches'), 0) AS searches,
       coalesce(json_extract(c.quantities, '$.images'), 0) AS images,
       coalesce(json_extract(c.quantities, '$.cache_token_hours'), 0) AS cache_token_hours,
       CASE WHEN c.cost_pico IS NOT NULL THEN
         printf('%d.%012d', c.cost_pico / 1000000000000, c.cost_pico % 1000000000000) END AS cost_usd,
       c.cost_pico, c.price, c.provenance, c.outcome, c.model_served, c.duration_ms, c.note
FROM (
  SELECT o.id, coalesce(o.booked_at, o.at) AS counts_at, l.provider, l.model, l.operation,
         CASE l.scope WHEN '' THEN '{}' ELSE l.scope END AS labels,
         CASE WHEN f.quantities LIKE '{%' THEN
           (SELECT json_group_object(old.meter, old.amount)
            FROM (SELECT substr(j.key, 1, instr(j.key || '@', '@') - 1) AS meter,
                         sum(j.value) AS amount
                  FROM json_each(f.quantities) AS j GROUP BY 1) AS old)
         ELSE
           (WITH RECURSIVE part (letter, amount, rest) AS (
              SELECT '', 0, f.quantities
              UNION ALL
              SELECT substr(p.rest, 1, 1),
                     CAST(ltrim(p.rest, 'abcdefghijklmnopqrstuvwxyz') AS INTEGER),
                     ltrim(ltrim(p.rest, 'abcdefghijklmnopqrstuvwxyz'), '0123456789')
              FROM part AS p WHERE p.rest GLOB '[a-z]*')
            SELECT json_group_object(new.meter, new.amount)
            FROM (SELECT CASE letter
                     WHEN 'i' THEN 'input_tokens'
                     WHEN 'c' THEN 'cached_input_tokens'
                     WHEN 'o' THEN 'output_tokens'
                     WHEN 't' THEN 'thought_tokens'
                     WHEN 'a' THEN 'audio_milliseconds'
                     WHEN 's' THEN 'session_milliseconds'
                     WHEN 'h' THEN 'characters'
                     WHEN 'r' THEN 'requests'
                     WHEN 'q' THEN 'searches'
                     WHEN 'g' THEN 'images'
                     WHEN 'k' THEN 'cache_token_hours'
                     END AS meter, sum(amount) AS amount
                  FROM part WHERE letter <> '' GROUP BY 1) AS new)
         END AS quantities,
         f.cost_pico, price.text AS price,
         CASE f.provenance WHEN 1 THEN 'reported' WHEN 2 THEN 'tokenizer'
                           WHEN 3 THEN 'estimated' WHEN 4 THEN 'assumed' END AS provenance,
         CASE f.outcome WHEN 1 THEN 'ok' WHEN 2 THEN 'error' WHEN 3 THEN 'unknown' END AS outcome,
         served.text AS model_served, f.duration_ms, f.note
  FROM entry AS o
  JOIN entry AS f
    ON f.seq = coalesce((SELECT max(s.seq) FROM entry AS s
                         WHERE s.ref = o.seq AND s.kind IN (4, 7, 9)),
                        CASE o.kind WHEN 8 THEN o.seq END)
  JOIN labels AS l ON l.labels_id = o.labels_id
  LEFT JOIN word AS price ON price.word_id = f.price_id
  LEFT JOIN word AS served ON served.word_id = f.served_id
  WHERE o.kind IN (1, 8, 11, 12)
) AS c;

-- What counts against limits, one row for each period; for a rolling window, for each slice of it.
-- Amounts are in base units of the meter. The amounts of limits are in the settings.
CREATE VIEW IF NOT EXISTS balance_view AS
SELECT a.meter, a.window, a.timezone, a.provider, a.model, a.operation,
       CASE a.scope WHEN '' THEN '{}' ELSE a.scope END AS labels,
       strftime('%Y-%m-%dT%H:%M:%S', b.start_at / 1000000, 'unixepoch')
         || printf('.%06dZ', b.start_at % 1000000) AS starts_at,
       b.settled, b.reserved, b.overage,
       CASE a.meter WHEN 'cost' THEN
         printf('%d.%012d', b.settled / 1000000000000, b.settled % 1000000000000)
       END AS settled_usd
FROM balance AS b JOIN account AS a ON a.account_id = b.account_id;

-- Open reservations: calls under way, and leases for many calls.
CREATE VIEW IF NOT EXISTS reservation_view AS
SELECT o.id,
       strftime('%Y-%m-%dT%H:%M:%S', coalesce(o.booked_at, o.at) / 1000000, 'unixepoch')
         || printf('.%06dZ', coalesce(o.booked_at, o.at) % 1000000) AS reserved_at,
       strftime('%Y-%m-%dT%H:%M:%S', h.expires_at / 1000000, 'unixepoch')
         || printf('.%06dZ', h.expires_at % 1000000) AS expires_at,
       l.provider, l.model, l.operation,
       CASE l.scope WHEN '' THEN '{}' ELSE l.scope END AS labels,
       CASE WHEN h.quantities LIKE '{%' THEN
         (SELECT json_group_object(old.meter, old.amount)
          FROM (SELECT substr(j.key, 1, instr(j.key || '@', '@') - 1) AS meter,
                       sum(j.value) AS amount
                FROM json_each(h.quantities) AS j GROUP BY 1) AS old)
       ELSE
         (WITH RECURSIVE part (letter, amount, rest) AS (
            SELECT '', 0, h.quantities
            UNION ALL
            SELECT substr(p.rest, 1, 1),
                   CAST(ltrim(p.rest, 'abcdefghijklmnopqrstuvwxyz') AS INTEGER),
                   ltrim(ltrim(p.rest, 'abcdefghijklmnopqrstuvwxyz'), '0123456789')
            FROM part AS p WHERE p.rest GLOB '[a-z]*')
          SELECT json_group_object(new.meter, new.amount)
          FROM (SELECT CASE letter
                   WHEN 'i' THEN 'input_tokens'
                   WHEN 'c' THEN 'cached_input_tokens'
                   WHEN 'o' THEN 'output_tokens'
                   WHEN 't' THEN 'thought_tokens'
                   WHEN 'a' THEN 'audio_milliseconds'
                   WHEN 's' THEN 'session_milliseconds'
                   WHEN 'h' THEN 'characters'
                   WHEN 'r' THEN 'requests'
                   WHEN 'q' THEN 'searches'
                   WHEN 'g' THEN 'images'
                   WHEN 'k' THEN 'cache_token_hours'
                   END AS meter, sum(amount) AS amount
                FROM part WHERE letter <> '' GROUP BY 1) AS new)
       END AS quantities,
       CASE WHEN h.cost_pico IS NOT NULL THEN
         printf('%d.%012d', h.cost_pico / 1000000000000, h.cost_pico % 1000000000000) END AS cost_usd,
       h.cost_pico, h.owner, h.sent, o.id LIKE 'quotakeeper-lease:%' AS is_lease
FROM hold AS h JOIN entry AS o ON o.seq = h.seq JOIN labels AS l ON l.labels_id = o.labels_id;
