"""Forecasts: the speed of use, the projected total at a period's end, and when nothing is left.

The present speed is the use per hour in the last hour. The use until the end of the period is
projected from one rate. The candidates are the mean rates since the first call, and of the last
half hour, 1, 3, 6 and 24 hours. Each candidate is tested at earlier instants against the use that
followed. The candidate with the smallest errors is used. Exception: the last half hour had more
than twice, or less than half, the use of each earlier half hour. In this case, the rate of the last
half hour is used. A slot is five minutes. If one slot has more use than all others together, its
use is lowered to their sum. So one huge call does not set the rate.

The interval is computed from past errors, so that it contains the true value in 80 % of cases. All
numbers are whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isqrt

from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start
from quotakeeper.domain.money import divide_half_even
from quotakeeper.domain.windows import SECOND, Period, Window
from quotakeeper.value_classes import dataclass

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
LOOK_BACK = 7 * DAY
LEAST_SPAN = 600 * SECOND
LEAST_PERIOD = 6 * BUCKET
_SHORT = 6  # in slots: half an hour
_STRETCHES = (_SHORT, 12, 36, 72, 288)
_TRIES = 96
_Z = (12_816, 10_000)  # 1.2816: one value in ten of a normal distribution is beyond it
_ONE = 10**9

FIRST_MINUTES = "first_minutes"
SINCE_FIRST_CALL = "since_first_call"
CHANGE_OF_PACE = "change_of_pace"


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast. Amounts are in base units of the limit, instants in microseconds since 1970 UTC.

    - `per_hour`: the present use per hour.
    - `burn_rate`: how often use at `per_hour` uses up the limit in one period; None for a limit of 0.
    - `projected`: the use at the end of the period, with its 80 % interval. For a rolling window,
      it is the use one window from now.
    - `exhausts_at`: when nothing is left; None if something is left when the projection ends.
    - `exhausts_from`, `exhausts_until`: the earliest and the latest such instant: `exhausts_at`
      for the upper and for the lower end of the interval.
    - `method`: how the rate was computed: `first_minutes`, `last_30_minutes` (or 60, 180, 360,
      1440), `since_first_call`, `change_of_pace`.
    """

    per_hour: int
    burn_rate: Decimal | None
    projected: int
    projected_low: int
    projected_high: int
    exhausts_at: int | None
    exhausts_from: int | None
    exhausts_until: int | None
    method: str


@dataclass(frozen=True, slots=True)
class LimitSnapshot:
    """One limit at instant `now`: its amount, and what is used and reserved.

    For a rolling window, `period` begins with the oldest slice that still counts.
    """

    amount: int
    used: int
    reserved: int
    window: Window
    period: Period
    now: int

    @property
    def start_at(self) -> int:
        """The start of the first slot that the forecast reads, at most a week ago."""
        start = self.period.start_at
        if self.window.is_rolling:
            start = self.now - self.window.seconds * SECOND
        return bucket_start(max(start, self.now - LOOK_BACK))

    @property
    def length(self) -> int:
        """The length of a whole period, in microseconds."""
        if self.window.is_rolling:
            return self.window.seconds * SECOND
        return self.period.end_at - self.period.start_at

    @property
    def to_come(self) -> int:
        """The time from `now` to the end of the projection, in microseconds."""
        if self.window.is_rolling:
            return self.length
        return max(0, self.period.end_at - self.now)

    @property
    def leaving(self) -> int:
        """How much of `used` no longer counts at the end of the projection. 0 except in a rolling
        window.
        """
        return self.used if self.window.is_rolling else 0


@dataclass(frozen=True, slots=True)
class _More:
    """The expected further use, its 80 % interval, and the method that computed it."""

    expected: int
    low: int
    high: int
    method: str


def forecast(stand: LimitSnapshot, use: Mapping[int, int]) -> Forecast | None:
    """Forecast a limit. `use` maps the start of each slot to its use in base units.

    Returns None if the period is shorter than half an hour, or if nothing was used.
    """
    since = stand.start_at
    used = {at: n for at, n in use.items() if since <= at <= stand.now and n > 0}
    if stand.length < LEAST_PERIOD or not used:
        return None
    per_hour, span = _speed(used, stand)
    more = _more(used, stand)
    base = stand.used - stand.leaving
    return Forecast(
        per_hour * HOUR // span,
        _ratio(per_hour * stand.length, span * stand.amount),
        base + more.expected,
        base + more.low,
        base + more.high,
        _exhausted(stand, more.expected),
        _exhausted(stand, more.high),
        _exhausted(stand, more.low),
        more.method,
    )


def _speed(used: Mapping[int, int], stand: LimitSnapshot) -> tuple[int, int]:
    """Return the use in the last hour, and the time in which it was used, in microseconds.

    The time starts with the first call in that hour. It is at least ten minutes, if the period has
    lasted that long.
    """
    start = max(bucket_start(stand.now - HOUR), stand.start_at)
    recent = [at for at in used if at >= start]
    least = max(min(LEAST_SPAN, stand.now - start), SECOND)
    first = min(recent, default=start)
    return sum(used[at] for at in recent), max(stand.now - first, least)


def _ratio(part: int, of: int) -> Decimal | None:
    if of <= 0:
        return None
    hundredths = divide_half_even(part * 100, of)
    return Decimal(f"{hundredths // 100}.{hundredths % 100:02}")


def _exhausted(stand: LimitSnapshot, more: int) -> int | None:
    """Return when using `more` at a constant speed uses up the limit; None if something is left."""
    left = stand.amount - stand.used - stand.reserved
    gain = more - stand.leaving
    if left <= 0:
        return stand.now
    if gain <= 0:
        return None
    at = stand.now + -(-left * stand.to_come // gain)  # rounded up: never too early
    return at if at < stand.now + stand.to_come else None


def _more(used: Mapping[int, int], stand: LimitSnapshot) -> _More:
    first, present = min(used), bucket_start(stand.now)
    past = [used.get(at, 0) for at in range(first, present, BUCKET)]
    if len(past) < _SHORT:
        span = max(stand.now - first, LEAST_SPAN)
        expected = sum(used.values()) * stand.to_come // span
        low, high = _interval(expected, expected)
        return _More(expected, low, high, FIRST_MINUTES)
    even = _evened(past)
    tries = _Tries.of(even, stand.to_come)
    length, method = _chosen(even, tries)
    span = length * BUCKET + stand.now - present
    latest = min(used.get(present, 0), sum(even))
    expected = (sum(even[-length:]) + latest) * stand.to_come // span
    low, high = tries.interval(length, expected, stand.to_come)
    if sum(amount > 0 for amount in past) < 3:  # with one or two calls, more may follow
        high = max(high, sum(past) * stand.to_come // (len(past) * BUCKET))
    return _More(expected, low, high, method)


def _evened(past: Sequence[int]) -> list[int]:
    """Return the use of each slot. A use above the sum of all others is lowered to this sum."""
    most = sum(past) - max(past)
    return [min(amount, most) for amount in past]


def _chosen(past: Sequence[int], tries: _Tries) -> tuple[int, str]:
    """Select the rate. Returns the number of latest slots from which it is computed, and its name."""
    if len(past) >= 3 * _SHORT and _has_changed(past):
        return _SHORT, CHANGE_OF_PACE
    length = tries.best()
    if length == len(past):
        return length, SINCE_FIRST_CALL
    return length, f"last_{length * 5}_minutes"


def _has_changed(past: Sequence[int]) -> bool:
    before = [sum(past[i : i + _SHORT]) for i in range(len(past) - 2 * _SHORT + 1)]
    latest = past[-_SHORT:]
    return 2 * sum(latest) < min(before) or sum(latest) - max(latest) > 2 * max(before)


@dataclass(frozen=True, slots=True)
class _Errors:
    """Weighted sums of the prediction errors of one rate: absolute, squared, and signed."""

    size: int
    square: int
    signed: int


@dataclass(frozen=True, slots=True)
class _Tries:
    """The prediction errors of each rate, tested at earlier instants.

    Each test predicts the use of the next `ahead` slots. `errors` maps the number of slots in a
    rate's mean to the errors of the rate. `weight` is the sum of the weights.
    """

    slots: int
    ahead: int
    weight: int
    errors: Mapping[int, _Errors]

    @staticmethod
    def of(past: Sequence[int], to_come: int) -> _Tries:
        """Test every rate at up to about a hundred earlier instants."""
        many = len(past)
        sums = [0]
        for amount in past:
            sums.append(sums[-1] + amount)
        ahead = max(3, min(many // 6, to_come // BUCKET))
        instants = range(many - ahead, 2, -max(3, many // _TRIES))
        lengths = [length for length in _STRETCHES if length <= many // 2] + [many]
        errors = {length: _errors(sums, ahead, instants, length) for length in lengths}
        return _Tries(many, ahead, sum(instants), errors)

    def best(self) -> int:
        """Return the key of `errors` with the smallest error; of equal ones, the largest key."""
        return min(self.errors, key=lambda length: (self.errors[length].size, -length))

    def interval(self, length: int, expected: int, to_come: int) -> tuple[int, int]:
        """Return the lower and the upper end of the 80 % interval for the further use."""
        found = self.errors[length]
        square, signed = found.square // self.weight, found.signed // self.weight
        ahead, known = self.ahead * BUCKET, self.slots * BUCKET
        # Errors of consecutive intervals add up, and the rate itself is uncertain if much time
        # remains. A third is added, because the best of several candidates looks better than it is.
        spread = square * to_come * (known + 2 * to_come) * 4 // (3 * ahead * known)
        low, high = _interval(expected, isqrt(spread))
        # A drift larger than chance explains is projected forward: it grows with the square of
        # time.
        chance = isqrt(max(0, square - signed * signed) * self.ahead // self.slots)
        drift = max(0, abs(signed) - chance) * to_come * to_come // (ahead * ahead)
        return (low, high + drift) if signed > 0 else (max(0, low - drift), high)


def _errors(sums: Sequence[int], ahead: int, instants: range, length: int) -> _Errors:
    size = square = signed = 0
    for at in instants:
        back = min(length, at)
        error = sums[at + ahead] - sums[at] - (sums[at] - sums[at - back]) * ahead // back
        size += at * abs(error)
        square += at * error * error
        signed += at * error
    return _Errors(size, square, signed)


def _interval(mean: int, deviation: int) -> tuple[int, int]:
    """Return the 10 % and 90 % points of a gamma distribution (Wilson and Hilferty approximation).

    If the deviation is large, returns a symmetric interval around the mean.
    """
    if 2 * deviation > 3 * mean:
        reach = deviation * _Z[0] // _Z[1]
        return max(0, mean - reach), mean + reach
    if deviation == 0:
        return mean, mean
    cube = deviation * deviation * _ONE // (9 * mean * mean)
    step = isqrt(cube * _ONE) * _Z[0] // _Z[1]
    low, high = (max(0, _ONE - cube + sign * step) for sign in (-1, 1))
    return mean * low**3 // _ONE**3, mean * high**3 // _ONE**3
