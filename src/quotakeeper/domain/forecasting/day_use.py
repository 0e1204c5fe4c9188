"""Use and cost of one day, by provider and by hour, compared with the day before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from quotakeeper.domain.forecasting.status import UsageRow, add_up
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.windows import SECOND, Period, Window, period_at
from quotakeeper.value_classes import dataclass

HOUR = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class DayUse:
    """Use from the start of the day `period` until `as_of` (microseconds since 1970 UTC).

    - `rows`: the sums by provider.
    - `hours`: the cost of each hour that has begun, in pico-USD.
    - `hour_calls`: the number of calls in each hour that has begun.
    - `before_pico`: the cost of the day before, until the same time of day, in pico-USD.

    Costs contain only calls with a known price.
    """

    as_of: int
    period: Period
    rows: tuple[UsageRow, ...]
    hours: tuple[int, ...]
    hour_calls: tuple[int, ...]
    before_pico: int

    @property
    def calls(self) -> int:
        """The number of calls."""
        return sum(row.calls for row in self.rows)

    @property
    def cost_pico(self) -> int:
        """The cost of the calls with a known price, in pico-USD."""
        return sum(row.cost_pico for row in self.rows)

    @property
    def unpriced_calls(self) -> int:
        """The number of calls without a known price."""
        return sum(row.unpriced_calls for row in self.rows)


def days_to_read(zone: tzinfo, now: int) -> tuple[Period, Period]:
    """Return yesterday and today in a time zone. Today is the day that contains `now`."""
    day = period_at(Window("day"), zone, now)
    return period_at(Window("day"), zone, day.start_at - 1), day


def use_of_day(parts: Iterable[BucketSum], zone: tzinfo, now: int) -> DayUse:
    """Return the use of the day that contains `now`.

    `parts` are the sums since the start of the day before. `zone` decides where days begin.
    """
    before, day = days_to_read(zone, now)
    same_time = before.start_at + (now - day.start_at)
    today: list[BucketSum] = []
    hours = [0] * ((now - day.start_at) // HOUR + 1)
    calls = [0] * len(hours)
    before_pico = 0
    for part in parts:
        if before.start_at <= part.bucket_at <= same_time and part.bucket_at < day.start_at:
            before_pico += part.cost_pico
        if day.start_at <= part.bucket_at <= now:
            today.append(part)
            hour = (part.bucket_at - day.start_at) // HOUR
            hours[hour] += part.cost_pico
            calls[hour] += part.calls
    rows = tuple(add_up(today, ("provider",), zone))
    return DayUse(now, day, rows, tuple(hours), tuple(calls), before_pico)
