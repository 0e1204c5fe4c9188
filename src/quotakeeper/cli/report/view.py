"""Formats a usage report as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import zone_text
from quotakeeper.app.records.report import UsageReport, provenances_of, quantities_of
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.report.budget_view import budget_lines
from quotakeeper.cli.report.more_columns import more_cells, more_header, more_notes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.views.limit_lines import unpriced_text
from quotakeeper.domain.units import METERS

if TYPE_CHECKING:
    from quotakeeper.cli.text.words import Words
    from quotakeeper.domain.forecasting.status import UsageRow

# The columns of the table, with their headings. JSON and CSV contain all columns.
_SHOWN = {
    "input_tokens": "INPUT",
    "cached_input_tokens": "CACHED",
    "output_tokens": "OUTPUT",
    "thought_tokens": "THOUGHT",
    "audio_minutes": "AUDIO MINUTES",
    "session_minutes": "SESSION MINUTES",
    "characters": "CHARACTERS",
    "searches": "SEARCHES",
    "images": "IMAGES",
}


def report_lines(report: UsageReport, session: CommandContext, width: int) -> list[str]:
    """Return the heading, a row for each group, the total, and the meaning of the marks."""
    words, lang, by = session.words, session.lang, report.by
    lines = [_heading(report, session)]
    beside = budget_lines(report.budgets, session, width)
    if not report.rows:
        return [*lines, words("No calls in this time range."), *beside]
    total = quantities_of(report.rows)
    shown = [METERS[name] for name in _SHOWN if METERS[name].parts[0] in total]
    header = [*(words(name.upper()) for name in by), words("CALLS")]
    header += [words(_SHOWN[meter.name]) for meter in shown]
    header += [words("COST")]
    header += [*more_header(report, session), ""]
    rows = []
    for row in [*report.rows, None]:
        of = report.rows if row is None else [row]
        key = (words("total"), *("" for _ in by[1:])) if row is None else _shown_key(by, row, words)
        quantities = quantities_of(of)
        cells = [*key, figures.whole(sum(each.calls for each in of), lang)]
        cells += [
            figures.quantity(quantities.get(m.parts[0], 0), m, lang)
            if m.parts[0] in quantities
            else ""
            for m in shown
        ]
        rows.append([*cells, _cost_text(of, lang), *more_cells(report, of, lang),
                     _marks(of, session)])  # fmt: skip
    right = frozenset(range(len(by), len(header) - 1))
    table = table_lines(header, rows, right=right, width=width, ellipsis=session.glyphs.ellipsis)
    notes = [*_legend(report.rows, session), *more_notes(report, session)]
    return [*lines, *table, *notes, *beside]


def _shown_key(by: Sequence[str], row: UsageRow, words: Words) -> tuple[str, ...]:
    """Return the cells that name a row's group. Provenance and outcome are translated; names are not."""
    return tuple(
        words(cell) if name in ("provenance", "outcome") else cell
        for name, cell in zip(by, row.key, strict=True)
    )


def _heading(report: UsageReport, session: CommandContext) -> str:
    words, zone = session.words, report.zone
    since = words("the beginning") if report.since is None else figures.stamp(report.since, zone)
    until = figures.stamp(report.now if report.until is None else report.until, zone)
    return words(
        "Usage from {since} to {until} ({zone})",
        since=since, until=until, zone=zone_text(zone),
    )  # fmt: skip


def _cost_text(rows: Sequence[UsageRow], lang: str) -> str:
    # If no call had a price, the cost is unknown. A total of zero would be wrong.
    if all(row.calls == row.unpriced_calls for row in rows):
        return figures.money(None, lang)
    return figures.money(sum(row.cost_pico for row in rows), lang)


def _marks(rows: Sequence[UsageRow], session: CommandContext) -> str:
    marks = "".join(
        mark for name, mark in session.glyphs.marks.items() if provenances_of(rows).get(name)
    )
    unpriced = sum(row.unpriced_calls for row in rows)
    return f"{marks} {session.words('+{n} unpriced', n=unpriced)}" if unpriced else marks


def _legend(rows: Sequence[UsageRow], session: CommandContext) -> list[str]:
    words = session.words
    used = provenances_of(rows)
    known = [f"{m} {words(name)}" for name, m in session.glyphs.marks.items() if used.get(name)]
    unpriced = sum(row.unpriced_calls for row in rows)
    if unpriced:
        known.append(unpriced_text(unpriced, session))
    return ["", "  ".join(known)] if known else []
