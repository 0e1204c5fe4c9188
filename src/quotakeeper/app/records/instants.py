"""Instants as RFC 3339 text, always UTC."""

from __future__ import annotations

from quotakeeper.domain.windows import SECOND, moment


def rfc3339(at: int) -> str:
    """Microseconds since 1970 UTC -> "2026-11-23T12:00:00Z"; a fraction only if there is one."""
    fraction = "seconds" if at % SECOND == 0 else "microseconds"
    return f"{moment(at).replace(tzinfo=None).isoformat(timespec=fraction)}Z"


def rfc3339_micros(at: int) -> str:
    """As `rfc3339`, always with six decimals: such texts sort as the instants do."""
    return f"{moment(at).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
