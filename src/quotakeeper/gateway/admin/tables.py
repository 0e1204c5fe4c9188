"""The objects of the admin API: what a request may have, and what an answer has."""

from __future__ import annotations

from quotakeeper.domain.keys.key_limit import LIMIT_NAME, MOST_LIMITS
from quotakeeper.domain.keys.virtual_key import (
    MOST_CONCURRENT,
    MOST_ENTRIES,
    ON_LIMIT,
    KeyState,
    OnGone,
)
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS
from quotakeeper.gateway.admin.shapes import (
    Amount,
    Field,
    Flag,
    Instant,
    JsonObject,
    Labels,
    Many,
    OneOf,
    Open,
    OrNull,
    Text,
    Whole,
)

LONGEST_GRACE_SECONDS = 90 * 86_400
_NAMES = Many(Text(1), MOST_ENTRIES)
_WHY = Field(Text(), "The reason. It is stored in the audit.")
_LABEL = Text()

NEW_LIMIT = JsonObject("NewKeyLimit", "A limit for the calls of one key.", {
    "name": Field(Text(1, 64, LIMIT_NAME), "The limit's name, unique within the key.", True),
    "meter": Field(OneOf(tuple(METERS)), "What is counted.", True),
    "window": Field(Text(1, 32), 'The period: "day", "month", "none", "rolling 24h".', True),
    "amount": Field(Amount(), "The most in each period, in the unit of the meter.", True),
    "provider": Field(_LABEL, "Only calls to this provider."),
    "model": Field(_LABEL, 'Only this model, or a prefix that ends in "*".'),
    "operation": Field(_LABEL, "Only this operation."),
    "mode": Field(OneOf(tuple(map(str, Mode))), "What happens to a call over the limit."),
})  # fmt: skip
LIMIT_CHANGE = JsonObject("KeyLimitChange", "The values of a limit that replace the old ones.", {
    **{name: each for name, each in NEW_LIMIT.fields.items() if name != "name"}, "why": _WHY,
})  # fmt: skip
_CHANGEABLE = {
    "project": Field(_LABEL, 'The label "project" of each call; "" for none.'),
    "labels": Field(Labels(), "Further labels of each call."),
    "expires_at": Field(OrNull(Instant()), "When the key expires; null for never."),
    "providers": Field(_NAMES, 'The allowed providers. ["*"] allows all, [] denies all.'),
    "models": Field(_NAMES, 'The allowed models, or prefixes like "gemini-2.5-*".'),
    "networks": Field(_NAMES, "The IP addresses and networks that may use the key."),
    "concurrency": Field(OrNull(Whole(1, MOST_CONCURRENT)), "The most calls at once; null for any number."),
    "on_gone": Field(OneOf(tuple(map(str, OnGone))), "What happens to a call whose client has gone."),
    "on_limit": Field(OrNull(OneOf(ON_LIMIT[1:])), "What a hard limit does; null as in the config."),
    "limits": Field(Many(NEW_LIMIT, MOST_LIMITS), "The limits that belong to the key."),
}  # fmt: skip
NEW_KEY = JsonObject("NewKey", "A key to create.", {
    "name": Field(Text(1), "The key's name. A name is never used again.", True), **_CHANGEABLE, "why": _WHY,
})  # fmt: skip
KEY_CHANGE = JsonObject("KeyChange", "The fields of a key to change. Fields that are left out stay.", {
    **_CHANGEABLE, "why": _WHY,
})  # fmt: skip
ACT = JsonObject("KeyAct", "An act on a key.", {"why": _WHY})
ROTATION = JsonObject("Rotation", "How a key gets a new secret.", {
    "grace_seconds": Field(Whole(0, LONGEST_GRACE_SECONDS), "How long older secrets work; default: 86400."),
    "why": _WHY,
})  # fmt: skip

KEY_LIMIT = JsonObject("KeyLimit", "A limit that belongs to a key.", {
    **NEW_LIMIT.fields, "amount": Field(Text(), "The most in each period, as decimal text.", True),
    "unit": Field(Text(), "The unit of the amount.", True),
})  # fmt: skip
_SECRET_FIELDS = {
    "last_four": Field(Text(4, 4), "The last four characters of the secret.", True),
    "made_at": Field(Instant(), "When the secret was made.", True),
    "ends_at": Field(OrNull(Instant()), "From when it is refused; null if it was not replaced.", True),
    "valid": Field(Flag(), "Whether the secret is accepted now.", True),
}  # fmt: skip
SECRET = JsonObject("KeySecret", "A secret of a key, without its text.", _SECRET_FIELDS)
KEY = JsonObject("Key", "A virtual key. Its secrets are never shown again.", {
    "id": Field(Text(1, 64), "The key's identifier. It never changes.", True),
    "name": Field(Text(1), "The key's name, and the label `key` of its calls.", True),
    "last_four": Field(Text(4, 4), "The last four characters of the newest secret.", True),
    "state": Field(OneOf(tuple(map(str, KeyState))), "Whether the key may be used.", True),
    "status": Field(OneOf((*map(str, KeyState), "expired")), "The state, or expired.", True),
    **{name: Field(each.shape, each.about, True) for name, each in _CHANGEABLE.items() if name != "limits"},
    "own_limits": Field(Many(KEY_LIMIT, MOST_LIMITS), "The limits that belong to the key.", True),
    "made_at": Field(Instant(), "When the key was created.", True),
    "version": Field(Whole(1), "Grows by one with each change. The ETag contains it.", True),
    "secrets": Field(Many(SECRET, 10_000), "All secrets, the oldest first.", True),
})  # fmt: skip
SCHEMA = Field(Whole(1), "The version of this form of answer.", True)
_NEXT = Field(
    OrNull(Whole()),
    "The cursor for the next page: give it as `after`. null: nothing follows.",
    True,
)
ONE_KEY = JsonObject(
    "KeyAnswer", "One key.", {"schema": SCHEMA, "key": Field(KEY, "The key.", True)}
)
KEY_WITH_SECRET = JsonObject("NewSecret", "A key with its new secret, which is shown only here.", {
    "schema": SCHEMA, "secret": Field(Text(41, 41), "The secret. Store it now.", True),
    "key": Field(KEY, "The key.", True),
})  # fmt: skip
KEYS = JsonObject("Keys", "A page of keys, the oldest first.", {
    "schema": SCHEMA, "as_of": Field(Instant(), "When the keys were read.", True),
    "keys": Field(Many(KEY, 1_000), "The keys.", True),
    "next": Field(OrNull(Text()), "The cursor for the next page: give it as `after`.", True),
})  # fmt: skip
LIMIT = JsonObject("Limit", "A limit in force, with its use.", {
    "name": Field(Text(1), "The limit's name.", True),
    "owner": Field(OneOf(("config", "key")), "Where the limit is defined.", True),
    "read_only": Field(Flag(), "Whether only the config file can change it.", True),
    "key": Field(OrNull(Text()), "The id of the key that owns the limit.", True),
    "defined": Field(Open("As `quotakeeper limits --json`."), "The limit as it was defined.", True),
    "use": Field(OrNull(Open("As in `quotakeeper status --json`.")), "The use; null for a rule.", True),
})  # fmt: skip
LIMITS = JsonObject("Limits", "All limits.", {
    "schema": SCHEMA, "as_of": Field(Instant(), "When the limits were read.", True),
    "limits": Field(Many(LIMIT, 100_000), "The limits: those of the config, then those of keys.", True),
})  # fmt: skip
AUDIT_ROW = JsonObject("AuditRow", "One change, which is never changed or deleted.", {
    "seq": Field(Whole(1), "The number of the row.", True),
    "key_id": Field(Text(1, 64), "The id of the key.", True),
    "act": Field(Text(1), "What was done.", True),
    "actor": Field(Text(), "Who did it.", True),
    "at": Field(Instant(), "When.", True),
    "why": Field(Text(), "The reason that was given.", True),
    "before": Field(OrNull(Open("The values of the key.")), "The key before; null for a new key.", True),
    "after": Field(Open("The values of the key."), "The key after.", True),
})  # fmt: skip
AUDIT = JsonObject("Audit", "A page of the audit, the oldest row first.", {
    "schema": SCHEMA, "rows": Field(Many(AUDIT_ROW, 1_000), "The rows.", True), "next": _NEXT,
})  # fmt: skip
_LABELS = "provider, model, operation, scope"
_FIGURES = "quantities, cost_usd, provenance, outcome, model_served, price_id, duration_ms"
EVENT = JsonObject("LedgerEvent", "One entry of the ledger about a call.", {
    "seq": Field(Whole(1), "The number of the entry.", True),
    "kind": Field(Text(1), "What happened to the call.", True),
    "at": Field(Instant(), "When the entry was written.", True),
    "id": Field(Text(), "The id of the call.", True),
    "labels": Field(OrNull(Open(_LABELS)), "The labels; only in the first entry of a call.", True),
    "figures": Field(OrNull(Open(_FIGURES)), "The figures of the call.", True),
})  # fmt: skip
EVENTS = JsonObject("LedgerEvents", "A page of the ledger's entries about calls, the oldest first.", {
    "schema": SCHEMA, "events": Field(Many(EVENT, 1_000), "The entries.", True), "next": _NEXT,
})  # fmt: skip
CONFIG_STATE = JsonObject("ConfigState", "The config in force, and the last attempt to reload it.", {
    "schema": SCHEMA,
    "file": Field(OrNull(Text(0, 4_096)), "The config file.", True),
    "loaded_at": Field(Instant(), "When the config in force was read.", True),
    "tried_at": Field(Instant(), "When the last attempt was made.", True),
    "problem": Field(Text(0, 4_096), 'Why the last attempt failed; "" if it did not.', True),
})  # fmt: skip
PROBLEM = JsonObject("Problem", "An error (RFC 9457).", {
    "type": Field(Text(), "Always about:blank.", True),
    "title": Field(Text(), "The kind of error.", True),
    "status": Field(Whole(400, 599), "The HTTP status.", True),
    "detail": Field(Text(0, 4_096), "What happened, and what to do.", True),
    "code": Field(Text(1), "The reason, for programs.", True),
    "field": Field(Text(0, 4_096), "The field that is not valid.", True),
})  # fmt: skip
STATUS = Open("As `quotakeeper status --json`.")
REPORT = Open("As `quotakeeper report --json`.")
