"""The data on one screen of `watch`, as values and as JSON."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.day import day_record, day_use
from quotakeeper.app.records.events import event_record
from quotakeeper.app.records.settings import redacted
from quotakeeper.app.records.status import forecast_record, limit_record, status_record
from quotakeeper.app.upcoming_prices import PriceChange, changes_of_recent_models
from quotakeeper.domain.forecasting.day_use import DayUse
from quotakeeper.domain.units import units_text
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import Status


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """The data of one screen: limits with their forecasts, today's use, and the latest calls.

    `changes` are the next price changes of the models used in the last seven days.
    """

    status: Status
    calls: tuple[UsageEvent, ...]
    zone: tzinfo
    ledger: str
    use: DayUse
    changes: tuple[PriceChange, ...] = ()


def look(keeper: Keeper, *, calls: int) -> LiveFrame:
    """Read the data of one screen from the ledger. `calls` is the maximum number of calls to show."""
    last = tuple(keeper.events(limit=calls, newest_first=True))
    status = keeper.status()
    use = day_use(keeper, status.as_of)
    changes = tuple(changes_of_recent_models(keeper, status.as_of))
    return LiveFrame(status, last, keeper.zone, redacted(keeper.settings.ledger), use, changes)


def frame_record(frame: LiveFrame) -> dict[str, object]:
    """Return the data of one screen as a JSON record: the record of `status`, and the latest calls.

    The keys `per_hour` and `exhausts_at` of a limit are also in its forecast. They are for programs
    that read older records.
    """
    limits = []
    for entry in frame.status.limits:
        found = forecast_record(entry)
        nothing = units_text(0, entry.limit.meter_info)
        limits.append(
            {
                **limit_record(entry),
                "per_hour": found["per_hour"] if found else nothing,
                "exhausts_at": found["exhausts_at"] if found else None,
                "forecast": found,
            }
        )
    calls = [event_record(event) for event in frame.calls]
    head = {**status_record(frame.status), "schema": Schema.WATCH}
    return {**head, "limits": limits, "calls": calls, "day": day_record(frame.use, frame.zone)}
