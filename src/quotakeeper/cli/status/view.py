"""Formats the status of all limits as a table, or as blocks if the output is narrow."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import zone_text
from quotakeeper.cli.console import paint
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, flowed, table_lines
from quotakeeper.cli.views.clock_lines import doubt_line
from quotakeeper.cli.views.forecast_text import forecast_pieces
from quotakeeper.cli.views.limit_lines import (
    STATE_WORDS,
    limit_block,
    percent_text,
    resets_text,
    unpriced_pieces,
    used_text,
)
from quotakeeper.cli.views.local_amounts import local_amounts, rate_note
from quotakeeper.cli.views.pause_lines import pause_line
from quotakeeper.cli.views.quota_lines import quota_lines

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus, Status


def status_lines(
    status: Status, zone: tzinfo, session: CommandContext, width: int, *, unpriced: int = 0,
    assumed: int = 0,
) -> list[str]:  # fmt: skip
    """Return the lines about limits and quotas, then the numbers of assumed and unpriced calls of
    today."""
    words = session.words
    zone_name = zone_text(zone)
    lines = [words("Quotas at {at} ({zone})", at=figures.stamp(status.as_of, zone), zone=zone_name)]
    if status.doubt is not None:
        lines.append(doubt_line(status.doubt, zone, session))
    lines += [pause_line(pause, status.as_of, zone, session) for pause in status.pauses]
    if not status.limits:
        lines.append(words("No limits are set. See: quotakeeper limits set --help"))
    else:
        lines.extend(_limits(status, zone, session, width))
    lines += quota_lines(status.quotas, status.as_of, zone, session, width)
    counted = (
        (status.open_reservations, "open reservations: {n}"),
        (assumed, "calls today whose result is unknown, counted with an assumed use: {n}"),
        (unpriced, "calls today without a known price: {n} (their cost is not in these figures)"),
    )
    lines += [words(text, n=n) for n, text in counted if n]
    return [*lines, *rate_note(session)]


def _limits(status: Status, zone: tzinfo, session: CommandContext, width: int) -> list[str]:
    words, lang = session.words, session.lang
    held = any(entry.reserved for entry in status.limits)
    header = [
        words("LIMIT"),
        words("USED"),
        words("RESERVED"),
        words("OF"),
        "%",
        "",
        words("RESETS"),
    ]
    rows = []
    for entry in status.limits:
        meter = entry.limit.meter_info
        rows.append(
            [
                entry.limit.name,
                used_text(entry, session),
                figures.quantity(entry.reserved, meter, lang) if entry.reserved else "",
                figures.with_unit(entry.limit.amount, meter, lang),
                percent_text(entry, session),
                STATE_WORDS[str(entry.state)],
                resets_text(entry, status.as_of, zone, session),
            ]
        )
    right = frozenset({1, 2, 3, 4})
    if not held:
        header, rows = _without(2, header, rows)
        right = frozenset({1, 2, 3})
    lines = table_lines(header, rows, right=right, width=width, ellipsis=session.glyphs.ellipsis)
    if max(map(columns_of, lines)) > width or _names_are_cut(lines, rows):
        return [
            line for entry in status.limits for line in _block(entry, status, zone, session, width)
        ]
    shown = [lines[0]]
    for line, row, entry in zip(lines[1:], rows, status.limits, strict=True):
        pieces = [*unpriced_pieces(entry, session), *local_amounts(entry, session)]
        pieces += forecast_pieces(entry, status.as_of, zone, session)
        separator = f" {session.glyphs.dot} "
        shown.append(_painted(line, row, session))
        shown += flowed(pieces, width, separator=separator, indent="  ")
        if entry.others:
            shown.append("  " + session.words("and {n} more values with less use", n=entry.others))
    return shown


def _without(
    index: int, header: list[str], rows: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    def drop(cells: list[str]) -> list[str]:
        return cells[:index] + cells[index + 1 :]

    return drop(header), [drop(row) for row in rows]


def _names_are_cut(lines: list[str], rows: list[list[str]]) -> bool:
    return any(
        columns_of(row[0]) <= 30 and not line.startswith(row[0])
        for line, row in zip(lines[1:], rows, strict=True)
    )


def _painted(line: str, row: list[str], session: CommandContext) -> str:
    word = row[-2]
    before, found, after = line.rpartition(f" {word} ")
    return f"{before} {paint(word, word, session.colour)} {after}" if found else line


def _block(
    entry: LimitStatus, status: Status, zone: tzinfo, session: CommandContext, width: int
) -> list[str]:
    pieces = local_amounts(entry, session)
    if entry.reserved:
        amount = figures.with_unit(entry.reserved, entry.limit.meter_info, session.lang)
        pieces.append(session.words("reserved {amount}", amount=amount))
    pieces += forecast_pieces(entry, status.as_of, zone, session)
    resets = resets_text(entry, status.as_of, zone, session)
    pieces.append(session.words("resets {when}", when=resets))
    if entry.others:
        pieces.append(session.words("and {n} more values with less use", n=entry.others))
    return limit_block(entry, width, session, pieces)
