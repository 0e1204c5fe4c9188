"""Forecasts: the current speed, where a period ends, when a limit is used up."""

from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.forecasting.forecast import DAY, HOUR, Forecast, LimitSnapshot, forecast
from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.windows import SECOND, Period, Window, parse_window

MINUTE = 60 * SECOND
TODAY = Period(0, DAY)
NOON = 12 * HOUR


def stand(
    amount: int, use: dict[int, int], now: int = NOON, *, period: Period = TODAY,
    window: str = "day", reserved: int = 0,
) -> LimitSnapshot:  # fmt: skip
    used = sum(n for at, n in use.items() if at <= now)
    return LimitSnapshot(amount, used, reserved, parse_window(window), period, now)


def foreseen(amount: int, use: dict[int, int], now: int = NOON, **given: object) -> Forecast:
    found = forecast(stand(amount, use, now, **given), use)  # type: ignore[arg-type]
    assert found is not None
    return found


def evenly(each: int, start: int, end: int) -> dict[int, int]:
    return dict.fromkeys(range(start, end, BUCKET), each)


def test_an_even_use_is_projected_evenly() -> None:
    found = foreseen(40_000, evenly(100, 0, NOON))
    assert found == Forecast(1_200, Decimal("0.72"), 28_800, 28_800, 28_800, None, None, None,
                             "since_first_call")  # fmt: skip
    found = foreseen(20_000, evenly(100, 0, NOON))
    assert found.burn_rate == Decimal("1.44")
    assert found.exhausts_at == NOON + (20_000 - 14_400) * BUCKET // 100
    assert found.exhausts_from == found.exhausts_until == found.exhausts_at


def test_use_on_course_has_burn_rate_one_and_resets_before_the_limit() -> None:
    found = foreseen(28_800, evenly(100, 0, NOON))
    assert (found.burn_rate, found.exhausts_at) == (Decimal("1.00"), None)
    found = foreseen(28_799, evenly(100, 0, NOON))
    assert found.exhausts_at is not None


def test_a_reserved_amount_counts_as_not_left() -> None:
    bare = foreseen(20_000, evenly(100, 0, NOON)).exhausts_at
    found = foreseen(20_000, evenly(100, 0, NOON), reserved=1_000)
    assert bare is not None
    assert found.exhausts_at == bare - 10 * BUCKET
    gone = foreseen(20_000, evenly(100, 0, NOON), reserved=5_600)
    assert gone.exhausts_at == gone.exhausts_from == gone.exhausts_until == NOON


def test_without_use_there_is_no_forecast() -> None:
    assert forecast(stand(1, {}), {}) is None
    assert forecast(stand(1, {0: 0}), {0: 0}) is None
    tomorrow = {NOON + BUCKET: 5}
    assert forecast(stand(1, tomorrow), tomorrow) is None


def test_a_window_of_minutes_is_too_short_for_slots() -> None:
    use = evenly(100, 0, NOON)
    minute = Period(NOON, NOON + MINUTE)
    assert forecast(stand(9, use, NOON, period=minute, window="minute"), use) is None
    assert forecast(stand(9, use, NOON, window="rolling 29m"), use) is None
    assert forecast(stand(9, use, NOON, window="rolling 30m"), use) is not None


def test_the_speed_covers_at_most_an_hour_and_at_least_ten_minutes() -> None:
    start = NOON - 20 * MINUTE
    assert foreseen(9, {start: 100}).per_hour == 300
    assert foreseen(9, {NOON: 100}).per_hour == 600
    assert foreseen(9, {NOON: 100}, NOON + 4 * MINUTE).per_hour == 600
    early = evenly(100, 0, 2 * HOUR)
    assert foreseen(9, early).per_hour == 0
    assert foreseen(9, {0: 10}, 5 * MINUTE).per_hour == 120


def test_a_forecast_from_a_few_minutes_of_data_is_marked() -> None:
    found = foreseen(10**9, evenly(100, NOON - 20 * MINUTE, NOON))
    assert found.method == "first_minutes"
    assert found.projected == 400 + 400 * 36
    assert found.projected_low < found.projected < found.projected_high
    assert found.projected_low < 400 + 400 * 12, "little is known by then"


def test_one_huge_call_sets_no_speed_but_widens_the_interval() -> None:
    found = foreseen(5_000, {6 * HOUR: 1_000})
    assert (found.projected, found.projected_low, found.exhausts_at) == (1_000, 1_000, None)
    assert found.projected_high == 3_000
    use = evenly(10, 0, NOON) | {6 * HOUR: 50_000}
    found = foreseen(100_000, use)
    assert found.projected < 51_430 + 2 * 1_440 + 10


def test_a_pause_longer_than_any_before_ends_the_activity() -> None:
    use = evenly(100, 0, 5 * HOUR)
    found = foreseen(100_000, use, 5 * HOUR + 30 * MINUTE)
    assert (found.projected, found.method) == (6_000, "change_of_pace")


def test_a_pause_of_usual_length_does_not_end_the_activity() -> None:
    use: dict[int, int] = {}
    for start in range(0, 12 * HOUR, 2 * HOUR):
        use |= evenly(100, start, start + HOUR)
    found = foreseen(100_000, use, NOON)
    assert found.projected == 7_200 * 2


def test_a_new_period_ignores_the_old_one() -> None:
    use = evenly(100, 0, DAY) | evenly(7, DAY, DAY + HOUR)
    tomorrow = Period(DAY, 2 * DAY)
    found = forecast(LimitSnapshot(10**6, 84, 0, Window("day"), tomorrow, DAY + HOUR), use)
    assert found is not None
    assert (found.projected, found.per_hour) == (84 * 24, 84)


def test_a_rolling_window_ignores_slots_that_left_it() -> None:
    use = evenly(100, 0, DAY)
    window = {"period": Period(0, DAY + 15 * MINUTE), "window": "rolling 24h"}
    found = foreseen(28_800, use, DAY, **window)
    assert (found.projected, found.exhausts_at) == (28_800, DAY)
    found = foreseen(30_000, use, DAY, **window)
    assert (found.projected, found.exhausts_at) == (28_800, None), "as much leaves as comes"
    assert found.burn_rate == Decimal("0.96")
    rising = evenly(100, 0, 12 * HOUR) | evenly(900, 12 * HOUR, DAY)
    used = sum(rising.values())
    found = foreseen(used * 12 // 10, rising, DAY, **window)
    assert found.exhausts_at is not None
    assert DAY < found.exhausts_at < 2 * DAY


def test_a_month_is_forecast_from_its_last_week() -> None:
    month, now = Period(0, 30 * DAY), 20 * DAY
    use = evenly(1_000, 0, 10 * DAY) | evenly(10, 10 * DAY, 20 * DAY)
    found = foreseen(10**9, use, now, period=month, window="month")
    assert found.projected == sum(use.values()) + 10 * 288 * 10


def test_a_hosts_decimal_context_of_three_digits_changes_no_forecast() -> None:
    with localcontext() as context:
        context.prec = 3
        found = foreseen(20_000, evenly(100_003, 0, NOON))
    assert found == foreseen(20_000, evenly(100_003, 0, NOON))
    assert found.burn_rate == Decimal("1440.04")


@given(
    amounts=st.lists(st.integers(0, 2**62), max_size=60),
    window=st.sampled_from(["hour", "day", "week", "month", "rolling 1h", "rolling 7d"]),
    amount=st.integers(0, 2**62), reserved=st.integers(0, 2**62),
    start=st.integers(0, 100 * HOUR), length=st.integers(MINUTE, 31 * DAY),
    passed=st.integers(0, 31 * DAY),
)  # fmt: skip
def test_for_any_figures_the_bounds_of_a_forecast_are_in_order(
    amounts: list[int], window: str, amount: int, reserved: int, start: int, length: int,
    passed: int,
) -> None:  # fmt: skip
    period = Period(start, start + length)
    now = start + passed % length
    first = bucket_start(now) - (len(amounts) - 1) * BUCKET
    use = {first + number * BUCKET: n for number, n in enumerate(amounts)}
    at = LimitSnapshot(amount, sum(use.values()), reserved, parse_window(window), period, now)
    found = forecast(at, use)
    if found is None:
        return
    base = at.used - at.leaving
    assert base <= found.projected_low <= found.projected <= found.projected_high
    assert found.per_hour >= 0
    assert found.burn_rate is None or found.burn_rate >= 0
    order = [found.exhausts_from, found.exhausts_at, found.exhausts_until]
    known = [each for each in order if each is not None]
    assert known == sorted(known)
    assert order[len(known) :] == [None] * (3 - len(known)), "the later ones are the unknown ones"
    assert all(now <= each < now + at.to_come or each == now for each in known)
    if amount - at.used - reserved <= 0:
        assert order == [now, now, now]


def test_a_limit_of_zero_has_no_used_share() -> None:
    found = foreseen(0, evenly(100, 0, NOON))
    assert (found.burn_rate, found.exhausts_at) == (None, NOON)
