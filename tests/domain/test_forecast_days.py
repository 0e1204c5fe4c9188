"""The accuracy of forecasts on simulated days: the error, and how often the day ends in the interval.

The days come from their kinds and seeds 0 to 23; `./dev bench forecast` prints the whole table.
"""

from __future__ import annotations

from statistics import mean

import pytest

from benchmarks.days import KINDS, SLOTS, day_of
from benchmarks.forecast import SHARES, last_hour, naive, ours, tried

SEEDS = range(24)
# The largest median error, in per cent of the day's total, at 25, 50 and 75 % of the day; and the
# least share of days that end within the interval. A cell is empty where the past cannot tell:
# before a huge call, and while use keeps rising.
HELD = {
    "steady": ((6, 4, 2), (65, 65, 65)),
    "bursty": ((50, 30, 16), (55, 65, 65)),
    "overnight batch": ((25, 6, 4), (65, 95, 95)),
    "one huge call": ((80, 68, 30), (10, 30, 60)),
    "ramp": ((65, 32, 12), (25, 30, 55)),
    "stop-and-go": ((20, 10, 6), (80, 80, 85)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_day_is_forecast_within_its_error(kind: str) -> None:
    errors, covered = HELD[kind]
    for share, most, least in zip(SHARES, errors, covered, strict=True):
        found = tried(ours, kind, share, SEEDS)
        assert found.median <= most, found
        assert found.covered is not None
        assert found.covered >= least, found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "of_before", "of_naive"), [(25, 80, 60), (50, 90, 60), (75, 95, 50)]
)
def test_the_median_error_over_all_kinds_is_below_the_old_and_the_naive_method(
    share: int, of_before: int, of_naive: int
) -> None:
    error = {
        method.__name__: mean(tried(method, kind, share, SEEDS).median for kind in KINDS)
        for method in (naive, last_hour, ours)
    }
    assert error["ours"] * 100 < of_before * error["last_hour"], (SEEDS, error)
    assert error["ours"] * 100 < of_naive * error["naive"], (SEEDS, error)


def test_a_seed_always_gives_the_same_day() -> None:
    for kind in KINDS:
        day = day_of(kind, 7)
        assert len(day) == SLOTS
        assert day == day_of(kind, 7) != day_of(kind, 8)
        assert all(type(amount) is int and amount >= 0 for amount in day)
