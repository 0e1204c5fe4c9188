-- Beside schema 1: what `verify` keeps, and views for programs that make reports.

-- What the newest `verify` found: the last verified entry, and the state then. One row.
CREATE TABLE verified (
  only_row bigint PRIMARY KEY CHECK (only_row = 1),
  seq      bigint NOT NULL,
  at       bigint NOT NULL,
  accounts bigint NOT NULL,
  labels   bigint NOT NULL,
  calls    text COLLATE "C" NOT NULL
);
CREATE TABLE verified_balance (
  account_id bigint NOT NULL,
  start_at   bigint NOT NULL,
  settled    bigint NOT NULL,
  reserved   bigint NOT NULL,
  overage    bigint NOT NULL,
  PRIMARY KEY (account_id, start_at)
);
CREATE TABLE verified_mark (
  account_id bigint NOT NULL,
  name       text COLLATE "C" NOT NULL,
  amount     bigint NOT NULL,
  level      bigint NOT NULL,
  start_at   bigint NOT NULL,
  turn       bigint NOT NULL,
  stands     boolean NOT NULL,
  PRIMARY KEY (account_id, name, amount, level)
);

-- The amounts by meter, in base units, whatever their modality. The stored text, such as
-- 'i3211ia60r1', has one code after the other, whose first letter is the meter. Entries that were
-- moved from a file of schema 1 have JSON.
CREATE FUNCTION quantities_of(stored text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(found.meter, found.amount), '{}')
  FROM (
    SELECT part.meter, sum(part.amount)::bigint AS amount
    FROM (
      SELECT CASE left(code[1], 1)
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
             END AS meter, code[2]::bigint AS amount
      FROM regexp_matches(CASE WHEN stored LIKE '{%' THEN '' ELSE stored END,
                          '([a-z]+)([0-9]+)', 'g') AS code
      UNION ALL
      SELECT split_part(old.key, '@', 1), old.value::bigint
      FROM jsonb_each_text(CASE WHEN stored LIKE '{%' THEN stored::jsonb ELSE '{}' END) AS old
    ) AS part
    GROUP BY part.meter
  ) AS found
$$;

-- An instant in microseconds since 1970 UTC, without a float between.
CREATE FUNCTION moment_of(at bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT to_timestamp(at / 1000000) + at % 1000000 * interval '1 microsecond'
$$;

-- One row for each call that counts, with its newest figures.
CREATE VIEW call_view AS
SELECT o.id, moment_of(coalesce(o.booked_at, o.at)) AS counted_at,
       l.provider, l.model, l.operation, coalesce(nullif(l.scope, ''), '{}')::jsonb AS labels,
       q.quantities,
       coalesce((q.quantities ->> 'input_tokens')::bigint, 0) AS input_tokens,
       coalesce((q.quantities ->> 'cached_input_tokens')::bigint, 0) AS cached_input_tokens,
       coalesce((q.quantities ->> 'output_tokens')::bigint, 0) AS output_tokens,
       coalesce((q.quantities ->> 'thought_tokens')::bigint, 0) AS thought_tokens,
       coalesce((q.quantities ->> 'audio_milliseconds')::bigint, 0) AS audio_milliseconds,
       coalesce((q.quantities ->> 'session_milliseconds')::bigint, 0) AS session_milliseconds,
       coalesce((q.quantities ->> 'characters')::bigint, 0) AS characters,
       coalesce((q.quantities ->> 'requests')::bigint, 0) AS requests,
       coalesce((q.quantities ->> 'searches')::bigint, 0) AS searches,
       coalesce((q.quantities ->> 'images')::bigint, 0) AS images,
       coalesce((q.quantities ->> 'cache_token_hours')::bigint, 0) AS cache_token_hours,
       f.cost_pico * 0.000000000001 AS cost_usd, f.cost_pico, price.text AS price,
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
-- OFFSET 0: the text is read once, not once for each column.
CROSS JOIN LATERAL (SELECT quantities_of(f.quantities) AS quantities OFFSET 0) AS q
WHERE o.kind IN (1, 8, 11, 12);

-- What counts against limits, one row for each period; for a rolling window, for each slice of it.
-- Amounts are in base units of the meter. The amounts of limits are in the settings.
CREATE VIEW balance_view AS
SELECT a.meter, a."window", a.timezone, a.provider, a.model, a.operation,
       coalesce(nullif(a.scope, ''), '{}')::jsonb AS labels,
       moment_of(b.start_at) AS starts_at,
       b.settled, b.reserved, b.overage,
       CASE a.meter WHEN 'cost' THEN b.settled * 0.000000000001 END AS settled_usd
FROM balance AS b JOIN account AS a ON a.account_id = b.account_id;

-- Open reservations: calls under way, and leases for many calls.
CREATE VIEW reservation_view AS
SELECT o.id, moment_of(coalesce(o.booked_at, o.at)) AS reserved_at,
       moment_of(h.expires_at) AS expires_at,
       l.provider, l.model, l.operation, coalesce(nullif(l.scope, ''), '{}')::jsonb AS labels,
       quantities_of(h.quantities) AS quantities,
       h.cost_pico * 0.000000000001 AS cost_usd, h.cost_pico,
       h.owner, h.sent = 1 AS sent, starts_with(o.id, 'quotakeeper-lease:') AS is_lease
FROM hold AS h JOIN entry AS o ON o.seq = h.seq JOIN labels AS l ON l.labels_id = o.labels_id;

-- A ledger that was moved away is frozen by a trigger with this function on its head row. The trigger
-- is there only then, so it costs other ledgers nothing.
CREATE FUNCTION refuse_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  RAISE EXCEPTION 'moved to %', (SELECT m.value FROM meta AS m WHERE m.key = 'moved_to')
    USING ERRCODE = 'QK001';
END $$;
