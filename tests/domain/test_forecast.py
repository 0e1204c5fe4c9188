"""Forecasts: the speed of the last hour, and when it would reach the limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.forecast import HOUR, LEAST_SPAN, forecast, look_back_start
from quotakeeper.domain.windows import SECOND, Period

MINUTE = 60 * SECOND
DAY = Period(0, 24 * HOUR)
NOON = 12 * HOUR


def test_an_even_hour_is_projected_as_it_was() -> None:
    found = forecast(spent=100, first_at=NOON - HOUR, left=250, period=DAY, now=NOON)
    assert found.per_hour == 100
    assert found.exhausts_at == NOON + 2 * HOUR + 30 * MINUTE


def test_a_start_twenty_minutes_ago_is_not_taken_for_a_slow_hour() -> None:
    found = forecast(spent=100, first_at=NOON - 20 * MINUTE, left=300, period=DAY, now=NOON)
    assert found.per_hour == 300
    assert found.exhausts_at == NOON + HOUR


def test_one_call_just_now_is_not_taken_for_a_speed() -> None:
    found = forecast(spent=100, first_at=NOON - SECOND, left=600, period=DAY, now=NOON)
    assert found.per_hour == 100 * HOUR // LEAST_SPAN
    assert found.exhausts_at == NOON + HOUR


def test_not_at_this_rate_when_the_period_resets_first() -> None:
    late = 23 * HOUR
    found = forecast(spent=100, first_at=late - HOUR, left=100, period=DAY, now=late)
    assert found.exhausts_at is None, "the reset comes at the same instant"
    found = forecast(spent=101, first_at=late - HOUR, left=100, period=DAY, now=late)
    assert found.exhausts_at is not None


def test_nothing_used_is_never_exhausted() -> None:
    found = forecast(spent=0, first_at=None, left=1, period=DAY, now=NOON)
    assert (found.per_hour, found.exhausts_at) == (0, None)


def test_what_is_passed_is_exhausted_now() -> None:
    found = forecast(spent=50, first_at=NOON - HOUR, left=0, period=DAY, now=NOON)
    assert (found.per_hour, found.exhausts_at) == (50, NOON)


def test_a_new_period_forgets_the_speed_of_the_old_one() -> None:
    now = DAY.start_at + 5 * MINUTE
    assert look_back_start(DAY, now) == DAY.start_at
    found = forecast(spent=10, first_at=DAY.start_at, left=100, period=DAY, now=now)
    assert found.per_hour == 120


@given(
    spent=st.integers(0, 2**62),
    ago=st.integers(0, 3 * HOUR),
    left=st.integers(-(2**62), 2**62),
    start=st.integers(0, 100 * HOUR),
    length=st.integers(MINUTE, 31 * 24 * HOUR),
    passed=st.integers(0, 31 * 24 * HOUR),
)
def test_whatever_the_figures_the_answer_lies_between_now_and_the_reset(
    spent: int, ago: int, left: int, start: int, length: int, passed: int
) -> None:
    period = Period(start, start + length)
    now = start + passed % length
    found = forecast(spent=spent, first_at=now - ago, left=left, period=period, now=now)
    assert found.per_hour >= 0
    if left <= 0:
        assert found.exhausts_at == now
    elif found.exhausts_at is not None:
        assert now < found.exhausts_at < period.end_at
        assert spent > 0
