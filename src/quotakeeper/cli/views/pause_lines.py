"""Formats a pause as one line."""

from __future__ import annotations

from datetime import tzinfo

from quotakeeper.app.records.csv_text import visible
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.domain.pauses import CallPause


def pause_line(pause: CallPause, now: int, zone: tzinfo, session: CommandContext) -> str:
    """Return a line about a pause: which calls, since when, until when, by whom and why."""
    words = session.words
    until = words("until resumed")
    if pause.until is not None:
        until = words(
            "until {at}, in {left}", at=figures.clock_text(pause.until, now, zone),
            left=figures.duration(pause.until - now, session.lang),
        )  # fmt: skip
    return words(
        "PAUSED: calls to {provider}, since {since}, {until}, by {by}: {why}",
        provider=pause.provider or words("all providers"), since=figures.stamp(pause.at, zone),
        until=until, by=visible(pause.by) or "?", why=visible(pause.why),
    )  # fmt: skip
