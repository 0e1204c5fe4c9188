"""Converts the configured limits, and changes to them, to JSON records."""

from __future__ import annotations

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.config import Settings
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import units_text
from quotakeeper.schemas import Schema


def limits_record(settings: Settings) -> dict[str, object]:
    """Return every limit as configured, and where the limits were configured."""
    return {
        "schema": Schema.LIMITS,
        "origin": limits_origin(settings),
        "limits": [configured_limit_record(limit) for limit in settings.limits],
    }


def raised_record(name: str, to: str, until: int, why: str) -> dict[str, object]:
    """Return the record of `quotakeeper limits raise`. The amount `to` is in the limit's unit."""
    return {
        "schema": Schema.LIMIT_RAISED, "name": name, "amount": to, "until": rfc3339(until),
        "why": why,
    }  # fmt: skip


def top_up_record(
    name: str, amount: str, expires_at: int | None, balance: str
) -> dict[str, object]:
    """Return the record of `quotakeeper limits topup`. Amounts are in the limit's unit."""
    expires = None if expires_at is None else rfc3339(expires_at)
    return {
        "schema": Schema.TOP_UP, "name": name, "amount": amount, "expires_at": expires,
        "balance": balance,
    }  # fmt: skip


def limits_origin(settings: Settings) -> str:
    """Return where the limits were configured: a file, an environment variable, or "default"."""
    return settings.origins.get("limits", "default")


def configured_limit_record(limit: Limit) -> dict[str, object]:
    """Return one limit without its use. Amounts are decimal text in the limit's display unit."""
    return {
        "name": limit.name,
        "provider": limit.provider,
        "model": limit.model,
        "operation": limit.operation,
        "scope": dict(limit.scope),
        "meter": limit.meter,
        "unit": limit.meter_info.unit,
        "window": str(limit.window),
        "amount": units_text(limit.amount, limit.meter_info),
        "mode": str(limit.mode),
        "timezone": limit.timezone,
        "per": limit.per,
        "thresholds": [f"{each:f}" for each in limit.thresholds],
        "unlisted": limit.unlisted,
    }
