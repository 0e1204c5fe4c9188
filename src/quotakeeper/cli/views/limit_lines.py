"""Formats one limit as lines: its name, state, bar, figures, and when its period ends."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, cut, flowed, pad

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus

STATE_COLUMNS = 9
STATE_WORDS = {"ok": "OK", "warning": "WARN", "exceeded": "OVER", "unknown": "UNKNOWN"}


def bar(percent: float, columns: int, session: CommandContext) -> str:
    """Return a bar of `columns` characters. The bar is full at 100 % and above."""
    filled = max(0, min(columns, int(columns * percent / 100)))
    glyphs = session.glyphs
    return glyphs.full * filled + glyphs.empty * (columns - filled)


def used_text(entry: LimitStatus, session: CommandContext) -> str:
    """Return the used amount; "?" if no call had a price."""
    if not entry.is_told:
        return "?"
    return figures.quantity(entry.used, entry.limit.meter_info, session.lang)


def percent_text(entry: LimitStatus, session: CommandContext) -> str:
    """Return the used percentage of the limit; "?" if no call had a price."""
    return figures.percent(entry.percent, session.lang) if entry.is_told else "?"


def unpriced_pieces(entry: LimitStatus, session: CommandContext) -> list[str]:
    """Return a note with the number of calls without a known cost; an empty list if there are none."""
    n = entry.unpriced_calls
    return [unpriced_text(n, session)] if n else []


def unpriced_text(n: int, session: CommandContext) -> str:
    """Return a note that `n` calls have no known price."""
    one, many = "unpriced: {n} call, cost unknown", "unpriced: {n} calls, cost unknown"
    return session.words.plural(n, one, many, n=figures.whole(n, session.lang))


def resets_text(entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext) -> str:
    """Return when the period ends and the time until then.

    For a prepaid limit, which never resets, return the remaining amount instead.
    """
    if entry.limit.window.is_endless:
        left = figures.with_unit(entry.remaining, entry.limit.meter_info, session.lang)
        return session.words("never; {left} left", left=left)
    return session.words(
        "{at}, in {left}",
        at=figures.clock_text(entry.resets_at, now, zone),
        left=figures.duration(entry.resets_at - now, session.lang),
    )


def limit_block(
    entry: LimitStatus, width: int, session: CommandContext, pieces: list[str]
) -> list[str]:
    """Return the lines about one limit: state, name and percent; then bar and amounts; then `pieces`."""
    lang, meter = session.lang, entry.limit.meter_info
    word, percent = STATE_WORDS[str(entry.state)], percent_text(entry, session)
    room = width - STATE_COLUMNS - columns_of(percent)
    name = pad(cut(entry.limit.name, room - 1, session.glyphs.ellipsis), room)
    head = paint(word, word, session.colour) + " " * (STATE_COLUMNS - len(word)) + name + percent
    amounts = f"{used_text(entry, session)} / {figures.with_unit(entry.limit.amount, meter, lang)}"
    drawn = bar(float(entry.percent), max(8, min(40, width - columns_of(amounts) - 2)), session)
    second = f"{paint(drawn, word, session.colour)}  {amounts}"
    separator = f" {session.glyphs.dot} "
    said = [*unpriced_pieces(entry, session), *pieces]
    return [head, second, *flowed(said, width, separator=separator, indent="  ")]
