"""Finds a time zone where it is about noon, so that the day there does not end while a test runs."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_at_noon(now: datetime | None = None) -> str:
    """The IANA name of a zone with an offset of whole hours, where it is 12 to 13 o'clock.

    A refusal says whether its limit's window ends soon. So a test of a daily limit on the real clock
    needs a day that does not end soon.
    """
    ahead = 12 - (now or datetime.now(UTC)).hour
    # POSIX counts hours west of Greenwich as positive.
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
