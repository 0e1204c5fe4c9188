"""Formats usage events as a table, and explains the marks in the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, table_lines
from quotakeeper.domain.units import METERS, TOKEN_METERS, Quantities, measure
from quotakeeper.domain.usage import UsageEvent

_OTHERS = ("audio_minutes", "session_minutes", "characters", "searches", "images")


def event_lines(
    events: Sequence[UsageEvent], zone: tzinfo, session: CommandContext, width: int
) -> list[str]:
    """Return a table of events: time, provenance mark, provider, model, operation, amount, cost."""
    words, lang = session.words, session.lang
    narrow = width < 80
    stamps = [figures.stamp(event.at, zone) for event in events]
    # The date needs columns, so it is shown only if the events are of several days.
    start = 11 if len({stamp[:10] for stamp in stamps}) == 1 else 5 if width < 120 else 0
    rows = [
        [
            stamp[start : 16 if narrow else None],
            session.glyphs.marks[str(event.provenance)],
            event.labels.provider,
            event.labels.model or "-",
            event.labels.operation,
            amounts(event.quantities, session, narrow=narrow),
            figures.money(event.cost_pico, lang),
            "" if event.outcome == "ok" else words(str(event.outcome)),
        ]
        for event, stamp in zip(events, stamps, strict=True)
    ]
    header = [words("TIME"), "", words("PROVIDER"), words("MODEL"), words("OPERATION")]
    header += [words("AMOUNT"), words("COST"), ""]
    if narrow:  # the operation is more useful than provider and model
        header, rows = header[:2] + header[4:], [row[:2] + row[4:] for row in rows]
    lines = _table(header, rows, session, width)
    if narrow and max(map(columns_of, lines)) > width:  # the cost is more useful than the amount
        header, rows = header[:-3] + header[-2:], [row[:-3] + row[-2:] for row in rows]
        lines = _table(header, rows, session, width)
    return lines


def _table(
    header: list[str], rows: list[list[str]], session: CommandContext, width: int
) -> list[str]:  # fmt: skip
    figures_at = frozenset({len(header) - 3, len(header) - 2})
    figures_at -= {header.index(session.words("OPERATION"))}
    return table_lines(
        header, rows, right=figures_at, width=width, ellipsis=session.glyphs.ellipsis
    )


def amounts(quantities: Quantities, session: CommandContext, *, narrow: bool = False) -> str:
    """Format quantities in a few words: tokens in and out, minutes and others; "-" if there are none."""
    lang, words = session.lang, session.words
    given = sum(measure(METERS[name], quantities, None) for name in TOKEN_METERS[:2])
    made = sum(measure(METERS[name], quantities, None) for name in TOKEN_METERS[2:])
    shown = figures.compact if narrow else figures.whole
    parts = []
    if given or made:
        parts.append(words("{n} in, {m} out", n=shown(given, lang), m=shown(made, lang)))
    for name in _OTHERS:
        base = measure(METERS[name], quantities, None)
        if base:
            parts.append(figures.with_unit(base, METERS[name], lang))
    return ", ".join(parts) or "-"


def legend(session: CommandContext) -> str:
    """Return the meaning of the marks. A mark shows how a figure is known."""
    return "  ".join(f"{mark} {session.words(name)}" for name, mark in session.glyphs.marks.items())
