"""Formats one line about a clock that is not trusted."""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.windows import FOREVER


def doubt_line(doubt: ClockDoubt, zone: tzinfo, session: CommandContext) -> str:
    """Return a line about an untrusted clock: how far it jumped, its time, the last trusted time,
    and the fix."""
    words = session.words
    return words(
        "CLOCK NOT TRUSTED: it jumped ahead by {ahead} and shows {shown}; the last trusted time "
        "is {trusted}. Hard limits admit no call. Correct the clock; if it is right, run: "
        "{command}",
        ahead=figures.duration(doubt.ahead, session.lang),
        shown=figures.stamp(min(doubt.shown_at, FOREVER), zone),
        trusted=figures.stamp(doubt.trusted_at, zone), command="quotakeeper doctor --accept-clock",
    )  # fmt: skip
