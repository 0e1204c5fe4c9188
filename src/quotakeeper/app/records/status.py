"""Converts the status of all limits to a JSON record."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from quotakeeper.app.records.clocks import doubt_record
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.pauses import pause_record
from quotakeeper.app.records.quotas import quota_records
from quotakeeper.domain.units import units_text
from quotakeeper.domain.usage import Provenance
from quotakeeper.domain.windows import Window, period_at
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status


def status_record(status: Status) -> dict[str, object]:
    """Return the status as a JSON record. Amounts are decimal text in the limit's display unit."""
    return {
        "schema": Schema.STATUS,
        "as_of": rfc3339(status.as_of),
        "limits": [
            {**limit_record(each), "forecast": forecast_record(each)} for each in status.limits
        ],
        "open_reservations": status.open_reservations,
        "pauses": [pause_record(pause) for pause in status.pauses],
        "provider_quotas": quota_records(status.quotas, status.as_of),
        "clock": None if status.doubt is None else doubt_record(status.doubt),
    }


def doubtful_calls_today(keeper: Keeper, status: Status) -> tuple[int, int]:
    """Return how many of today's calls have no price, and how many are assumed because no answer came.

    The first number is 0 if no limit counts cost.
    """
    of_money = any(entry.limit.meter == "cost" for entry in status.limits)
    today = period_at(Window("day"), keeper.zone, status.as_of)
    unpriced = assumed = 0
    for bucket in keeper.slots(since=today.start_at):
        unpriced += bucket.unpriced_calls if of_money else 0
        assumed += bucket.calls if bucket.provenance is Provenance.ASSUMED else 0
    return unpriced, assumed


def percent_text(percent: Decimal) -> str:
    """Format a percentage as decimal text: "82.5", never "8.25E+1"."""
    text = f"{percent:.4f}".rstrip("0").rstrip(".")
    return text or "0"


def forecast_record(entry: LimitStatus) -> dict[str, object] | None:
    """Return a limit's forecast in the limit's unit; None if there is no forecast."""
    found, meter = entry.forecast, entry.limit.meter_info
    if found is None:
        return None
    burn = found.burn_rate
    return {
        "per_hour": units_text(found.per_hour, meter),
        "burn_rate": None if burn is None else f"{burn:f}",
        "projected": units_text(found.projected, meter),
        "projected_low": units_text(found.projected_low, meter),
        "projected_high": units_text(found.projected_high, meter),
        "interval_percent": 80,
        "exhausts_at": _instant(found.exhausts_at),
        "exhausts_from": _instant(found.exhausts_from),
        "exhausts_until": _instant(found.exhausts_until),
        "method": found.method,
        "provenance": "estimated",
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def limit_record(entry: LimitStatus) -> dict[str, object]:
    """Return one limit, its use, and what remains. Keys may be added later; none is removed.

    If only calls without a price were made, the use is unknown: `used`, `remaining` and `percent`
    are None.
    """
    limit, told = entry.limit, entry.is_told
    meter = limit.meter_info
    return {
        "name": limit.name,
        "provider": limit.provider,
        "meter": limit.meter,
        "window": str(limit.window),
        "amount": units_text(limit.amount, meter),
        "used": units_text(entry.used, meter) if told else None,
        "reserved": units_text(entry.reserved, meter),
        "remaining": units_text(entry.remaining, meter) if told else None,
        "percent": percent_text(entry.percent) if told else None,
        "state": str(entry.state),
        "resets_at": None if limit.window.is_endless else rfc3339(entry.resets_at),
        "unit": meter.unit,
        "mode": str(limit.mode),
        "model": limit.model,
        "operation": limit.operation,
        "scope": dict(limit.scope),
        "timezone": limit.timezone,
        "per": limit.per,
        "rule": limit.rule,
        "others": entry.others,
        "unpriced_calls": entry.unpriced_calls,
    }
