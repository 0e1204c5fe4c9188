"""Formats the use of one day as text: cost, number of calls, and a bar for each hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.app.records.report import provenances_of, quantities_of
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.views.call_count import calls_text
from quotakeeper.domain.units import METERS, TOKEN_METERS, measure

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.day_use import DayUse
    from quotakeeper.domain.forecasting.status import UsageRow

_COST = METERS["cost"]
_HOURS = 24
_OTHERS = ("audio_minutes", "session_minutes", "characters", "searches", "images")


def spent_text(use: DayUse, session: CommandContext) -> str:
    """Return the day's cost, or "?" if no call has a price.

    "+?" at the end means that some calls have no price.
    """
    if use.calls and use.unpriced_calls == use.calls:
        return figures.money(None, session.lang)
    mark = "+?" if use.unpriced_calls else ""
    return figures.about(use.cost_pico, _COST, session.lang) + mark


def known_calls_text(use: DayUse, session: CommandContext) -> str:
    """Return the number of calls, and how their usage is known."""
    words, lang = session.words, session.lang
    known = provenances_of(use.rows)
    said = [f"{figures.whole(n, lang)} {words(name)}" for name, n in known.items()]
    if use.unpriced_calls:
        n = figures.whole(use.unpriced_calls, lang)
        said.append(words("{n} without a price", n=n))
    calls = calls_text(use.calls, session)
    return f"{calls} ({', '.join(said)})" if said else calls


def sparkline(use: DayUse, session: CommandContext) -> str:
    """Return one bar for each hour of the day.

    The bars show cost, or the number of calls if no call has a price.
    """
    values = use.hours if any(use.hours) else use.hour_calls
    glyphs, most = session.glyphs, max(values, default=0)
    steps = len(glyphs.spark)
    drawn = [
        glyphs.spark[min(steps - 1, value * steps // (most + 1))] if value else glyphs.dot
        for value in values
    ]
    return "".join(drawn).ljust(_HOURS)


def sparkline_unit(use: DayUse, session: CommandContext) -> str:
    """Return the unit of the bars of `sparkline`: cost per hour or calls per hour."""
    words = session.words
    return words("$ per hour") if any(use.hours) else words("calls per hour")


def provider_text(row: UsageRow, session: CommandContext) -> str:
    """Return one provider's use of the day: cost, calls, tokens, minutes and other quantities."""
    lang = session.lang
    cost = figures.about(row.cost_pico, _COST, lang) + ("+?" if row.unpriced_calls else "")
    if row.calls == row.unpriced_calls:
        cost = "?"
    said = [cost, calls_text(row.calls, session)]
    quantities = quantities_of([row])
    tokens = sum(quantities.get(name, 0) for name in TOKEN_METERS)
    if tokens:
        unit = figures.unit_word(METERS["tokens"], lang)
        said.append(f"{figures.compact(tokens, lang)} {unit}")
    for name in _OTHERS:
        base = measure(METERS[name], quantities, None)
        if base:
            said.append(figures.with_unit(base, METERS[name], lang))
    return ", ".join(said)
