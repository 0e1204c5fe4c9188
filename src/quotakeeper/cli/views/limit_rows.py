"""Formats one limit in two lines: state, name, bar and percent; then amounts and reset time."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, cut, pad
from quotakeeper.cli.views.forecast_text import exhausted_forms
from quotakeeper.cli.views.limit_lines import (
    STATE_COLUMNS,
    STATE_WORDS,
    bar,
    percent_text,
    resets_text,
    unpriced_pieces,
    used_text,
)

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus

_PERCENT_COLUMNS = 7
_WIDEST_NAME = 34
_LEAST_WITH_BAR = 50  # on a narrower screen, the whole name is more useful than a short bar


def limit_rows(
    entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext, width: int
) -> list[str]:
    """Return two lines, each at most `width` columns wide. Below 50 columns, no bar is shown."""
    glyphs, word = session.glyphs, STATE_WORDS[str(entry.state)]
    percent = pad(percent_text(entry, session), _PERCENT_COLUMNS, right=True)
    room = width - STATE_COLUMNS - _PERCENT_COLUMNS - 2
    has_bar = width >= _LEAST_WITH_BAR
    name_size = min(_WIDEST_NAME, max(8, room * 3 // 5)) if has_bar else room
    name = pad(cut(entry.limit.name, name_size, glyphs.ellipsis), name_size)
    drawn = bar(float(entry.percent), max(4, min(40, room - name_size - 1)), session)
    state = pad(word, STATE_COLUMNS)
    first = f"{state.replace(word, paint(word, word, session.colour), 1)}{name} "
    first += f"{paint(drawn, word, session.colour)} {percent}" if has_bar else f" {percent}"
    return [first, _figures(entry, now, zone, session, width)]


def _figures(
    entry: LimitStatus, now: int, zone: tzinfo, session: CommandContext, width: int
) -> str:
    """Return one line with use, unpriced calls, time of exhaustion, reserved amount and reset time.

    On a narrow screen, texts are shortened first. Those that still do not fit are left out.
    """
    words = session.words
    amount = figures.with_unit(entry.limit.amount, entry.limit.meter_info, session.lang)
    pieces: list[tuple[str, ...]] = [(f"{used_text(entry, session)} / {amount}",)]
    pieces += [(text,) for text in unpriced_pieces(entry, session)]
    pieces += [exhausted_forms(entry, now, zone, session)]
    if entry.reserved:
        held = figures.quantity(entry.reserved, entry.limit.meter_info, session.lang)
        pieces.append((words("reserved {amount}", amount=held),))
    resets = [resets_text(entry, now, zone, session)]
    if not entry.limit.window.is_endless:
        resets.append(figures.clock_text(entry.resets_at, now, zone))
    pieces.append(tuple(words("resets {when}", when=when) for when in resets))
    if entry.others:
        pieces.append((words("and {n} more values with less use", n=entry.others),))
    separator = f" {session.glyphs.dot} "
    line = separator.join(fitting(pieces, width - STATE_COLUMNS, columns_of(separator)))
    return cut(" " * STATE_COLUMNS + line, width, session.glyphs.ellipsis)


def fitting(pieces: list[tuple[str, ...]], width: int, between: int) -> list[str]:
    """Return the texts that fit in `width` columns, each as long as possible.

    Each piece has forms of one text, the longest first. As many pieces as possible are shown, in
    their shortest forms. Then the room that is left goes to the first pieces. The first piece is
    always shown. `between` is the number of columns between two texts.
    """
    chosen: list[tuple[str, ...]] = []
    left = width + between
    for forms in (forms for forms in pieces if forms[0]):
        size = columns_of(forms[-1]) + between
        if size <= left or not chosen:
            chosen.append(forms)
            left -= size
    shown = []
    for forms in chosen:
        shortest = columns_of(forms[-1])
        form = next(each for each in forms if columns_of(each) - shortest <= max(left, 0))
        shown.append(form)
        left -= columns_of(form) - shortest
    return shown
