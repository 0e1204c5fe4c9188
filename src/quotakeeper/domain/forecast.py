"""Forecasts: how fast a limit is being used up, and when it would be exhausted at that speed.

The speed is that of the last hour of the period, taken from the first call in it, so a pipeline
that started twenty minutes ago is not mistaken for a slow one; but over ten minutes at least, so
that one large call is not mistaken for a speed.
"""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.domain.windows import SECOND, Period

HOUR = 3_600 * SECOND
LOOK_BACK = HOUR
LEAST_SPAN = 600 * SECOND


@dataclass(frozen=True, slots=True)
class Forecast:
    """`per_hour` is in base units of the limit, rounded down. `exhausts_at` is None when the
    period resets first, or nothing is being used: not at this rate."""

    per_hour: int
    exhausts_at: int | None


def look_back_start(period: Period, now: int) -> int:
    """From where on usage tells the present speed: the last hour, but only of this period."""
    return max(period.start_at, now - LOOK_BACK)


def forecast(*, spent: int, first_at: int | None, left: int, period: Period, now: int) -> Forecast:
    """Project the present speed.

    `spent` is what was used since `look_back_start`, `first_at` the first call since then (None:
    there was none), `left` what remains now; amounts in base units, instants in microseconds.
    """
    if left <= 0:
        return Forecast(_speed(spent, first_at, period, now), now)
    if spent <= 0 or first_at is None:
        return Forecast(0, None)
    span = _span(first_at, period, now)
    reached = now + -(-left * span // spent)  # rounded up: never a promise of less time than that
    at = reached if reached < period.end_at else None
    return Forecast(spent * HOUR // span, at)


def _speed(spent: int, first_at: int | None, period: Period, now: int) -> int:
    if spent <= 0 or first_at is None:
        return 0
    return spent * HOUR // _span(first_at, period, now)


def _span(first_at: int, period: Period, now: int) -> int:
    start = look_back_start(period, now)
    least = min(LEAST_SPAN, now - start)
    return max(now - max(first_at, start), least, SECOND)
