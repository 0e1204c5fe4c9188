"""Parses instants and time spans from the command line."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from quotakeeper.domain.windows import SECOND, first_instant, instant, moment
from quotakeeper.errors import InvalidInputError

_SPAN = re.compile(r"(\d{1,6})\s*(min|m|h|d|w)")
_SECONDS = {"min": 60, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_FIX = 'write "2026-11-23", "2026-11-23T08:30", "today", "yesterday", or "7d" for 7 days ago'


def parse_span(text: str, field: str = "--last") -> int:
    """Convert a span such as "90m", "24h", "7d" or "2w" to microseconds. Raises InvalidInputError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if not found:
        raise InvalidInputError(field, f"{text[:40]!r} is not a time span", 'write "24h" or "7d"')
    return int(found[1]) * _SECONDS[found[2]] * SECOND


def parse_moment(text: str, zone: tzinfo, now: int, field: str, *, end: bool = False) -> int:
    """Convert a date, a date and time, or a span before `now` to microseconds since 1970 UTC.

    A text without a UTC offset is in `zone`. A date without a time means the start of this day.
    With `end`, a date means the start of the next day, so that `--until 2026-11-23` includes this
    day. Raises InvalidInputError.
    """
    word = text.strip().lower()
    if _SPAN.fullmatch(word):
        return now - parse_span(word)
    today = moment(now, zone).date()
    try:
        if word in ("today", "yesterday"):
            day = today - timedelta(days=word == "yesterday")
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            day = date.fromisoformat(word)
        else:
            found = datetime.fromisoformat(text.strip())
            return instant(found if found.tzinfo else found.replace(tzinfo=zone))
        return first_instant(zone, day + timedelta(days=end))
    except (ValueError, OverflowError):
        raise InvalidInputError(field, f"{text[:40]!r} is not a date or time", _FIX) from None


def parse_range(
    since: str | None, until: str | None, last: str | None, zone: tzinfo, now: int
) -> tuple[int | None, int | None]:
    """Convert `--since`, `--until` and `--last` to the range `[start, end)`. None means no bound.

    Instants are in microseconds since 1970 UTC. Raises InvalidInputError.
    """
    if last is not None and since is not None:
        raise InvalidInputError("--last", "cannot be used with --since", "give one of them")
    start = None if since is None else parse_moment(since, zone, now, "--since")
    stop = None if until is None else parse_moment(until, zone, now, "--until", end=True)
    if last is not None:
        start = (now if stop is None else min(now, stop)) - parse_span(last)
    if start is not None and stop is not None and stop <= start:
        raise InvalidInputError("--until", "is not after --since", "give a later time")
    return start, stop
