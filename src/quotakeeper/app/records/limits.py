"""The limits in force as a JSON record."""

from __future__ import annotations

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.config import Settings
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import units_text
from quotakeeper.schemas import Schema


def limits_record(settings: Settings) -> dict[str, object]:
    """Every limit as configured, and the source of its configuration."""
    return {
        "schema": Schema.LIMITS,
        "origin": limits_origin(settings),
        "limits": [configured_limit_record(limit) for limit in settings.limits],
    }


def raised_record(name: str, to: str, until: int, why: str) -> dict[str, object]:
    """The result of `quotakeeper limits raise`; the amount is in the limit's unit."""
    return {
        "schema": Schema.LIMIT_RAISED, "name": name, "amount": to, "until": rfc3339(until),
        "why": why,
    }  # fmt: skip


def top_up_record(
    name: str, amount: str, expires_at: int | None, balance: str
) -> dict[str, object]:
    """The result of `quotakeeper limits topup`; amounts are in the limit's unit."""
    expires = None if expires_at is None else rfc3339(expires_at)
    return {
        "schema": Schema.TOP_UP, "name": name, "amount": amount, "expires_at": expires,
        "balance": balance,
    }  # fmt: skip


def limits_origin(settings: Settings) -> str:
    """The source of the limits: a file, an environment variable, or "default"."""
    return settings.origins.get("limits", "default")


def configured_limit_record(limit: Limit) -> dict[str, object]:
    """One limit without its use; amounts are decimal text in the unit that people write."""
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
