"""Reads the use of one day from the ledger, and converts it to a JSON record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.app.records.known_cost import known_cost_text
from quotakeeper.app.records.report import sums_record
from quotakeeper.domain.forecasting.day_use import DayUse, days_to_read, use_of_day
from quotakeeper.domain.money import usd_text

if TYPE_CHECKING:
    from datetime import tzinfo

    from quotakeeper import Keeper


def day_use(keeper: Keeper, now: int) -> DayUse:
    """Return the usage of the day that contains `now`. The day is in the configured time zone."""
    before, _ = days_to_read(keeper.zone, now)
    return use_of_day(keeper.slots(since=before.start_at), keeper.zone, now)


def day_record(use: DayUse, zone: tzinfo) -> dict[str, object]:
    """Return a day's use as a JSON record. Costs are decimal text in US dollars, null if no price
    is known."""
    return {
        "timezone": zone_text(zone),
        "since": rfc3339(use.period.start_at),
        "until": rfc3339(use.period.end_at),
        **sums_record(use.rows),
        "before_by_now_cost_usd": usd_text(use.before_pico),
        "hours": [
            {"calls": calls, "cost_usd": usd_text(cost)}
            for calls, cost in zip(use.hour_calls, use.hours, strict=True)
        ],
        "providers": [{"provider": row.key[0], **sums_record([row])} for row in use.rows],
    }


def spent_text(use: DayUse) -> str | None:
    """Return the day's cost as decimal text in US dollars; None if no call has a price."""
    return known_cost_text(use.rows)
