"""What was used and spent on one day, by provider and by hour, beside the day before."""

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
    """Use from the start of `period`, a civil day, until `as_of` (microseconds since 1970 UTC).

    `rows` are the sums by provider. `hours` has the cost, in pico-USD, of each hour of the day that
    has begun; `hour_calls` has the calls. `before_pico` is the cost of the day before until the same
    time of day. Costs are those of priced calls alone.
    """

    as_of: int
    period: Period
    rows: tuple[UsageRow, ...]
    hours: tuple[int, ...]
    hour_calls: tuple[int, ...]
    before_pico: int

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(row.calls for row in self.rows)

    @property
    def cost_pico(self) -> int:
        """What the priced calls cost, in pico-USD."""
        return sum(row.cost_pico for row in self.rows)

    @property
    def unpriced_calls(self) -> int:
        """How many calls have no known price."""
        return sum(row.unpriced_calls for row in self.rows)


def days_to_read(zone: tzinfo, now: int) -> tuple[Period, Period]:
    """Return the day that contains an instant in a time zone, and the day before it, earliest first."""
    day = period_at(Window("day"), zone, now)
    return period_at(Window("day"), zone, day.start_at - 1), day


def use_of_day(parts: Iterable[BucketSum], zone: tzinfo, now: int) -> DayUse:
    """Add up the day of an instant; `parts` are the sums since the start of the day before."""
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
