"""Formats today's use as one line: why calls are refused, the cost, and the most urgent limit."""

from __future__ import annotations

from quotakeeper.app.today import Today
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text.table import columns_of, cut
from quotakeeper.cli.views.day_lines import spent_text
from quotakeeper.cli.views.limit_lines import STATE_WORDS, percent_text


def statusline(today: Today, session: CommandContext, width: int) -> str:
    """Return the line, at most `width` columns wide. If space is short, the limit's name is cut first."""
    words, glyphs = session.words, session.glyphs
    pieces = []
    if today.status.doubt is not None:
        pieces.append(words("CLOCK NOT TRUSTED"))
    if today.status.pauses:
        pieces.append(words("PAUSED"))
    pieces.append(words("{cost} today", cost=spent_text(today.use, session)))
    separator = f" {glyphs.dot} "
    line = separator.join(pieces)
    entry = today.urgent
    if entry is None:
        return cut(line, width, glyphs.ellipsis)
    state = STATE_WORDS[str(entry.state)]
    tail = f"{percent_text(entry, session)} {state}"
    room = width - columns_of(line) - columns_of(separator) - columns_of(tail) - 1
    if room < len("gemini"):
        return cut(f"{line}{separator}{tail}", width, glyphs.ellipsis)
    name = cut(entry.limit.name, room, glyphs.ellipsis)
    return f"{line}{separator}{name} {tail.replace(state, paint(state, state, session.colour))}"
