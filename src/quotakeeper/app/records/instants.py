"""Formats instants as RFC 3339 text in UTC, durations, and names of time zones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from quotakeeper.domain.windows import SECOND, moment

TIME_UNITS = ("d", "h", "min", "s")
_UNIT_SECONDS = (86_400, 3_600, 60, 1)


def rfc3339(at: int) -> str:
    """Format microseconds since 1970 UTC as "2026-11-23T12:00:00Z". A fraction of zero is left out."""
    fraction = "seconds" if at % SECOND == 0 else "microseconds"
    return f"{moment(at).replace(tzinfo=None).isoformat(timespec=fraction)}Z"


def rfc3339_micros(at: int) -> str:
    """Format an instant like `rfc3339`, but always with six decimals, so that the texts sort by time."""
    return f"{moment(at).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def zone_text(zone: tzinfo) -> str:
    """Return the name of a time zone."""
    return getattr(zone, "key", None) or zone.tzname(None) or str(zone)


def duration_text(microseconds: int, units: Sequence[str] = TIME_UNITS) -> str:
    """Format a duration in its two largest units, such as "2 h 5 min".

    `units` are the names of day, hour, minute and second.
    """
    seconds = max(0, microseconds // SECOND)
    parts: list[str] = []
    for name, size in zip(units, _UNIT_SECONDS, strict=True):
        count, seconds = divmod(seconds, size)
        if count or (size == 1 and not parts):
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2])
