"""Virtual keys as JSON records. No record but `key_secret_record` contains a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import limit_record
from quotakeeper.app.virtual_keys.managing import IssuedKey
from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.keys.key_refusals import refusal_of
from quotakeeper.domain.keys.virtual_key import KeySecret, VirtualKey
from quotakeeper.domain.units import meter_named, units_text
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus

Limits = Mapping[str, "tuple[LimitStatus, ...]"]
_INSTANTS = frozenset(("expires_at", "made_at", "ends_at"))


def keys_record(keys: Sequence[VirtualKey], limits: Limits, now: int) -> dict[str, object]:
    """Return keys with their limits."""
    return {
        "schema": Schema.KEYS,
        "as_of": rfc3339(now),
        "keys": [
            {**key_fields(key, now), "limits": list(map(limit_record, limits[key.name]))}
            for key in keys
        ],
    }


def key_record(
    key: VirtualKey, limits: Sequence[LimitStatus], audit: Sequence[KeyAudit], now: int
) -> dict[str, object]:
    """Return one key with its limits and its audit, the oldest row first."""
    return {
        "schema": Schema.KEY,
        "key": key_fields(key, now),
        "limits": list(map(limit_record, limits)),
        "audit": list(map(audit_record, audit)),
    }


def key_change_record(key: VirtualKey, now: int) -> dict[str, object]:
    """Return a key after a change."""
    return {"schema": Schema.KEY_CHANGE, "key": key_fields(key, now)}


def key_secret_record(issued: IssuedKey, now: int) -> dict[str, object]:
    """Return a key with its new secret, which no other record has."""
    return {
        "schema": Schema.KEY_SECRET,
        "secret": issued.secret,
        "key": key_fields(issued.key, now),
    }


def key_fields(key: VirtualKey, now: int) -> dict[str, object]:
    """Return the values of a key. `status` is its state, or "expired"."""
    return {
        "id": key.id,
        "name": key.name,
        "last_four": key.newest_secret.last_four,
        "state": str(key.state),
        "status": status_of(key, now),
        "project": key.project,
        "labels": dict(key.labels),
        "expires_at": _instant(key.expires_at),
        "providers": list(key.providers),
        "models": list(key.models),
        "networks": list(key.networks),
        "concurrency": key.concurrency,
        "on_gone": str(key.on_gone),
        "on_limit": key.on_limit or None,
        "own_limits": list(map(own_limit_fields, key.limits)),
        "made_at": rfc3339(key.made_at),
        "version": key.version,
        "secrets": [
            {
                "last_four": each.last_four,
                "made_at": rfc3339(each.made_at),
                "ends_at": _instant(each.ends_at),
                "valid": is_accepted(key, each, now),
            }
            for each in key.secrets
        ],
    }


def own_limit_fields(limit: KeyLimit) -> dict[str, object]:
    """Return a limit that belongs to a key. `amount` is decimal text in the unit of its meter."""
    meter = meter_named(limit.meter)
    return {**limit.fields(), "amount": units_text(limit.amount, meter), "unit": meter.unit}


def status_of(key: VirtualKey, now: int) -> str:
    """Return "active", "disabled", "revoked", or "expired" for an active key that has expired."""
    return "expired" if key.state == "active" and key.is_expired(now) else str(key.state)


def is_accepted(key: VirtualKey, secret: KeySecret, now: int) -> bool:
    """Return whether a secret of the key is accepted at `now`."""
    return refusal_of(key, secret, now) is None


def audit_page_record(rows: Sequence[KeyAudit], *, more: bool) -> dict[str, object]:
    """Return some rows of the audit. `next` is the number of the last row; None if none follows."""
    return {
        "schema": Schema.KEY_AUDIT,
        "rows": [{**audit_record(row), "key_id": row.key_id} for row in rows],
        "next": rows[-1].seq if more else None,
    }


def audit_record(row: KeyAudit) -> dict[str, object]:
    """Return one row of the audit. `before` is None for a new key."""
    return {
        "seq": row.seq,
        "act": str(row.act),
        "actor": row.actor,
        "at": rfc3339(row.at),
        "why": row.why,
        "before": _shown(json.loads(row.before)) if row.before else None,
        "after": _shown(json.loads(row.after)),
    }


def _shown(value: object) -> object:
    """Return a stored value with its instants as text."""
    if isinstance(value, dict):
        return {
            name: rfc3339(each) if name in _INSTANTS and each is not None else _shown(each)
            for name, each in value.items()
        }
    return [_shown(each) for each in value] if isinstance(value, list) else value


def _instant(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
