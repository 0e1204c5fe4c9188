"""Windows and periods: which half-open interval of time an instant belongs to.

A calendar window has a time zone. A day starts at the first instant whose local date is that day or
later. This rule also works if midnight is missing or repeated on a day, or if a date was skipped.
Every instant is in exactly one period. A day has 0 to 31 hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

SECOND = 1_000_000
MAX_INSTANT = 253_402_300_800 * SECOND  # the year 10000; datetime ends before it
CALENDAR_KINDS = ("minute", "hour", "day", "week", "month")
ENDLESS = "none"
FOREVER = MAX_INSTANT - 2 * 86_400 * SECOND  # stands for no end; valid in every zone
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROLLING = re.compile(r"rolling[ -]?(\d{1,8})\s*(s|m|h|d)")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_ROLLING_SLICES = 96
_MAX_ROLLING_SECONDS = 400 * 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """A rule that divides time into periods.

    `kind` is a calendar unit, "rolling" (the last `seconds` seconds), or "none" (one endless
    period).
    """

    kind: str
    seconds: int = 0
    # Whether the window covers the last N seconds, and not a calendar unit. Computed once because
    # every call reads it.
    is_rolling: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_rolling", self.kind == "rolling")

    @property
    def is_endless(self) -> bool:
        """Whether all time is one period. Prepaid credit uses this window, because credit never
        resets.
        """
        return self.kind == ENDLESS

    def __str__(self) -> str:
        if not self.is_rolling:
            return self.kind
        for unit in ("d", "h", "m"):
            whole, rest = divmod(self.seconds, _UNIT_SECONDS[unit])
            if rest == 0 and (unit != "d" or whole > 1):  # 24h is more usual than 1d
                return f"rolling {self.seconds // _UNIT_SECONDS[unit]}{unit}"
        return f"rolling {self.seconds}s"


@dataclass(frozen=True, slots=True)
class Period:
    """One interval `[start_at, end_at)` of a window, in microseconds since 1970 UTC."""

    start_at: int
    end_at: int

    def __contains__(self, at: int) -> bool:
        return self.start_at <= at < self.end_at


def parse_window(text: object, field: str = "window") -> Window:
    """Return the window for "minute", "hour", "day", "week", "month", "none" or "rolling 24h".

    The unit of a rolling window is s, m, h or d. Raises InvalidInputError for any other text.
    """
    name = text.strip().lower() if isinstance(text, str) else ""
    if name in (*CALENDAR_KINDS, ENDLESS):
        return Window(name)
    found = _ROLLING.fullmatch(name)
    if found:
        seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
        if 1 <= seconds <= _MAX_ROLLING_SECONDS:
            return Window("rolling", seconds)
        raise InvalidInputError(field, f"{name!r} is out of range", "give 1s to 400d")
    raise InvalidInputError(
        field,
        f"unknown window {str(text)[:40]!r}",
        f"one of: {', '.join((*CALENDAR_KINDS, ENDLESS))}, rolling 24h",
    )


def period_at(window: Window, zone: tzinfo, at: int) -> Period:
    """Return the period of `window` that contains instant `at`.

    For a rolling window, the period contains every slice that is at least partly in the window (see
    `slice_at`).
    """
    if window.is_rolling:
        oldest = slice_at(window, at - window.seconds * SECOND)
        return Period(oldest.start_at, slice_at(window, at).end_at)
    if window.is_endless:
        return Period(0, FOREVER)
    if window.kind == "minute":
        return _fixed(at, 60 * SECOND)
    if window.kind == "hour":
        return _hour(zone, at)
    # If clocks are set back over midnight, a date ends and then begins again. From the first instant
    # of the later date on, all instants belong to the later date. So go forward while the next
    # date has begun.
    current = _first_date(window, _local(zone, at).date())
    following = _next_date(window, current)
    while first_instant(zone, following) <= at:
        current, following = following, _next_date(window, following)
    return Period(first_instant(zone, current), first_instant(zone, following))


def slice_at(window: Window, at: int) -> Period:
    """Return the slice of a rolling window that contains instant `at`.

    All use in one slice is one balance. A rolling window has 96 slices. A slice counts until its
    end has left the window. So a rolling limit errs by at most 1/96 of its length, and only by
    refusing too early. Raises InvalidInputError for a calendar window.
    """
    if not window.is_rolling:
        raise InvalidInputError("window", f"{window} is not rolling", "use period_at")
    return _fixed(at, window.seconds * SECOND // _ROLLING_SLICES)


@lru_cache(maxsize=8192)
def first_instant(zone: tzinfo, day: date) -> int:
    """Return the first instant whose local date is `day` or later, in microseconds since 1970 UTC."""
    midnight = datetime.combine(day, time.min)
    early, late = sorted(
        _micros(midnight.replace(tzinfo=zone, fold=fold)) // SECOND for fold in (0, 1)
    )
    if early == late or _local(zone, early * SECOND).replace(tzinfo=None) == midnight:
        return early * SECOND
    return _boundary(early, late, lambda s: _local(zone, s * SECOND).date() >= day) * SECOND


def _boundary(low: int, high: int, reached: Callable[[int], bool]) -> int:
    # Binary search for the second at which `reached` becomes true, in (low, high].
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _hour(zone: tzinfo, at: int) -> Period:
    # An hour runs from one full local hour to the next. If the offset changes within the hour, the
    # change is also a boundary, so that no instant belongs to two hours.
    offset = _offset(zone, at)
    start = (at + offset) // (3_600 * SECOND) * 3_600 * SECOND - offset
    end = start + 3_600 * SECOND
    if _offset(zone, start) != offset:
        start = _boundary(
            start // SECOND, at // SECOND, lambda s: _offset(zone, s * SECOND) == offset
        )
        start *= SECOND
    if _offset(zone, end - 1) != offset:
        end = _boundary(at // SECOND, end // SECOND, lambda s: _offset(zone, s * SECOND) != offset)
        end *= SECOND
    return Period(start, end)


def _fixed(at: int, length: int) -> Period:
    start = at // length * length
    return Period(start, start + length)


def _first_date(window: Window, day: date) -> date:
    if window.kind == "week":
        return day - timedelta(days=day.weekday())  # ISO 8601: weeks start on Monday
    if window.kind == "month":
        return day.replace(day=1)
    return day


def _next_date(window: Window, start: date) -> date:
    if window.kind == "week":
        return start + timedelta(days=7)
    if window.kind == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=1)


def _local(zone: tzinfo, at: int) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)


def _offset(zone: tzinfo, at: int) -> int:
    offset = _local(zone, at).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def instant(moment: datetime) -> int:
    """Convert a datetime to microseconds since 1970 UTC. Raises InvalidInputError without a time
    zone.
    """
    if moment.tzinfo is None:
        raise InvalidInputError(
            "datetime", "has no time zone", "give a datetime that has a time zone"
        )
    return _micros(moment)


def moment(at: int, zone: tzinfo = UTC) -> datetime:
    """Convert microseconds since 1970 UTC to a datetime in `zone`."""
    return _local(zone, at)
