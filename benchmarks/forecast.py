"""Benchmark of forecasts on simulated days: the error after a quarter, half and three quarters of a day.

The days come from `days.py`. The error is that of the day's projected total, in per cent of the true
total. For comparison: the method before (the speed of the last hour continues), and a naive one (the
average speed so far continues). The seeds decide everything, and the output names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.days import KINDS, SLOTS, day_of
from benchmarks.measuring import Line
from quotakeeper.domain.forecasting.forecast import DAY, Forecast, LimitSnapshot, forecast
from quotakeeper.domain.forecasting.time_buckets import BUCKET
from quotakeeper.domain.windows import Period, Window

SHARES = (25, 50, 75)
_SPAN = Period(0, DAY)
Method = Callable[[Sequence[int]], int]


@dataclass(frozen=True)
class Trial:
    """The errors of one method on days of one kind, at one share of the day, in per cent."""

    kind: str
    share: int
    median: float
    p90: float
    covered: float | None = None


def foreseen(day: Sequence[int], slots: int) -> Forecast | None:
    """Quotakeeper's forecast after this many slots of a day."""
    use = {number * BUCKET: amount for number, amount in enumerate(day[:slots])}
    stand = LimitSnapshot(10**12, sum(day[:slots]), 0, Window("day"), _SPAN, slots * BUCKET)
    return forecast(stand, use)


def last_hour(day: Sequence[int]) -> int:
    """The method before: the speed of the last hour, from its first call, continues."""
    recent = day[-12:]
    first = next((number for number, amount in enumerate(recent) if amount), None)
    if first is None:
        return sum(day)
    return sum(day) + sum(recent) * (SLOTS - len(day)) // max(2, len(recent) - first)


def naive(day: Sequence[int]) -> int:
    """The naive method: the average speed so far continues."""
    return sum(day) * SLOTS // len(day)


def ours(day: Sequence[int]) -> int:
    """The median of quotakeeper's forecast."""
    found = foreseen(day, len(day))
    return sum(day) if found is None else found.projected


def tried(method: Method, kind: str, share: int, seeds: range) -> Trial:
    """Run a method on the days of a kind with these seeds."""
    errors, covered = [], 0
    for seed in seeds:
        day = day_of(kind, seed)
        slots, total = SLOTS * share // 100, sum(day)
        errors.append(abs(method(day[:slots]) - total) * 100 / total)
        found = foreseen(day, slots)
        covered += found is not None and found.projected_low <= total <= found.projected_high
    errors.sort()
    share_covered = covered * 100 / len(seeds) if method is ours else None
    return Trial(kind, share, median(errors), errors[len(errors) * 9 // 10], share_covered)


def run(days: int = 200) -> list[Line]:
    """Run three methods on every kind of day. Prints the table and returns its lines."""
    seeds = range(days)
    print(
        f"  80 % interval; error in % of the day's total: median / 90th percentile; seeds 0 to {days - 1}"
    )
    print(f"  {'day':<18}{'at':>5}{'naive':>16}{'last hour':>16}{'ours':>16}{'covered':>9}")
    lines = []
    for kind in KINDS:
        for share in SHARES:
            cells = [tried(each, kind, share, seeds) for each in (naive, last_hour, ours)]
            shown = "".join(f"{each.median:>8.1f} /{each.p90:>6.1f}" for each in cells)
            print(f"  {kind:<18}{share:>4}%{shown}{cells[-1].covered:>8.0f}%")
            mine = cells[-1]
            lines.append(Line(f"forecast, {kind}, at {share} %", mine.median, "%", 0.0, mine.p90))
    return lines
