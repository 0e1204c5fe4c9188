"""What the live monitor knows at one instant, as values and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.domain.forecast import LOOK_BACK, Forecast, forecast, look_back_start
from quotakeeper.domain.units import measure, units_text
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.exports.events import event_record
from quotakeeper.exports.instants import rfc3339
from quotakeeper.exports.status import limit_record

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.engine.reports import LimitStatus, Status

_MOST_RECENT = 100_000


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything one screen shows: limits with their forecasts, and the last calls."""

    status: Status
    forecasts: tuple[Forecast, ...]
    calls: tuple[UsageEvent, ...]
    zone: tzinfo
    ledger: str


def look(keeper: Keeper, *, calls: int) -> Frame:
    """Take one look at the ledger."""
    status = keeper.status()
    now = status.as_of
    recent = list(
        keeper.events(since=now - LOOK_BACK, limit=max(_MOST_RECENT, calls), newest_first=True)
    )
    last = recent[:calls]
    if len(last) < calls:
        last = list(keeper.events(limit=calls, newest_first=True))
    return Frame(
        status,
        tuple(_forecast(entry, recent, now) for entry in status.limits),
        tuple(last),
        keeper.zone,
        keeper.settings.ledger,
    )


def frame_record(frame: Frame) -> dict[str, object]:
    """A frame as plain values: the record of `status`, with forecasts, and the last calls."""
    limits = []
    for entry, found in zip(frame.status.limits, frame.forecasts, strict=True):
        at = found.exhausts_at
        record = limit_record(entry)
        record["per_hour"] = units_text(found.per_hour, entry.limit.meter_info)
        record["exhausts_at"] = None if at is None else rfc3339(at)
        limits.append(record)
    return {
        "schema": 1,
        "as_of": rfc3339(frame.status.as_of),
        "limits": limits,
        "open_reservations": frame.status.open_reservations,
        "calls": [event_record(event) for event in frame.calls],
    }


def _forecast(entry: LimitStatus, recent: Sequence[UsageEvent], now: int) -> Forecast:
    limit, period = entry.limit, entry.period
    start = look_back_start(period, now)
    spent, first_at = 0, None
    for event in recent:  # newest first
        if event.at < start or not limit.matches(event.labels):
            continue
        amount = measure(limit.meter_info, event.quantities, event.cost_pico)
        if amount:
            spent += amount
            first_at = event.at if first_at is None else min(first_at, event.at)
    return forecast(spent=spent, first_at=first_at, left=entry.remaining, period=period, now=now)
