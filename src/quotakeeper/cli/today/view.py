"""Formats today's use: the day's cost, its hours, and the limits, most urgent first."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.records.instants import zone_text
from quotakeeper.app.records.settings import redacted
from quotakeeper.app.today import Today
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import flowed, wrapped
from quotakeeper.cli.views.clock_lines import doubt_line
from quotakeeper.cli.views.day_lines import (
    known_calls_text,
    provider_text,
    sparkline,
    sparkline_unit,
    spent_text,
)
from quotakeeper.cli.views.limit_lines import STATE_COLUMNS
from quotakeeper.cli.views.limit_rows import limit_rows
from quotakeeper.cli.views.local_amounts import local_amounts, local_spent
from quotakeeper.cli.views.pause_lines import pause_line
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS

_MOST_LIMITS = 8


def today_lines(today: Today, session: CommandContext, width: int) -> Iterator[str]:
    """Yield all lines. With the default limits, the lines fit in 80 columns and 24 rows."""
    words, status, zone = session.words, today.status, today.zone
    at, name = figures.stamp(status.as_of, zone), zone_text(zone)
    for text in wrapped([words("Today, {at} ({zone})", at=at, zone=name)], width):
        yield paint(text, "bold", session.colour)
    for text in _stops(today, session):
        yield from flowed(text.split(" "), width, separator=" ")
    yield from _spent(today, session, width)
    yield ""
    if not status.limits:
        yield words("No limits are set. See: quotakeeper limits set --help")
    shown = status.limits[:_MOST_LIMITS]
    for entry in shown:
        yield from limit_rows(entry, status.as_of, zone, session, width)
        yield from (" " * STATE_COLUMNS + text for text in local_amounts(entry, session))
    if len(status.limits) > len(shown):
        n = len(status.limits) - len(shown)
        yield words.plural(
            n, "and {n} more limit: quotakeeper status", "and {n} more limits: quotakeeper status",
            n=n,
        )  # fmt: skip
    yield from wrapped(notice_lines(today.changes, words, most=1), width)
    yield from _next(today, session, width)


def _stops(today: Today, session: CommandContext) -> Iterator[str]:
    status, zone = today.status, today.zone
    if status.doubt is not None:
        yield doubt_line(status.doubt, zone, session)
    for pause in status.pauses:
        yield pause_line(pause, status.as_of, zone, session)


def _spent(today: Today, session: CommandContext, width: int) -> Iterator[str]:
    words, use, lang = session.words, today.use, session.lang
    if not use.calls:
        yield words("No calls yet today.")
        return
    before = figures.about(use.before_pico, METERS["cost"], lang)
    pieces = [
        words("{cost} spent", cost=spent_text(use, session)),
        known_calls_text(use, session),
        words("yesterday by this time: {cost}", cost=before),
    ]
    separator = f" {session.glyphs.dot} "
    yield from flowed(pieces, width, separator=separator)
    yield from local_spent(use, session)
    hours = f"00:00 {sparkline(use, session)} 24:00"
    yield from flowed([hours, sparkline_unit(use, session)], width, separator="  ")
    for row in use.rows:
        yield f"  {row.key[0]}: {provider_text(row, session)}"


def _next(today: Today, session: CommandContext, width: int) -> Iterator[str]:
    """Yield advice on what to do next if a limit refuses calls or no ledger exists yet."""
    words, entry = session.words, today.urgent
    if not today.is_there:
        yield ""
        yield words("There is no ledger yet; the first call creates {ledger}.",
                    ledger=redacted(today.ledger))  # fmt: skip
        yield words("Set the time zone and a budget: quotakeeper init")
        yield words("Count a program's calls: quotakeeper run -- python your_program.py")
    elif entry is not None and entry.state == "exceeded" and entry.limit.mode is Mode.HARD:
        text = words(
            "{name!r} is used up, so its calls are refused. To raise it: {command}",
            name=entry.limit.name,
            command="quotakeeper limits raise NAME --to AMOUNT --for 1d --why TEXT",
        )
        yield ""
        yield from flowed(text.split(" "), width, separator=" ")
