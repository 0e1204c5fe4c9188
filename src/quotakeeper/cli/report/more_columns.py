"""Optional columns of a report: cost in another currency, media minutes, cost on another model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.app.records.amounts import local_money, rate_text
from quotakeeper.app.records.known_cost import known_cost
from quotakeeper.app.records.report import UsageReport
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.domain.units import METERS

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import UsageRow


def more_header(report: UsageReport, session: CommandContext) -> list[str]:
    """Return the headings of the optional columns."""
    words = session.words
    header = []
    if report.currency is not None:
        header.append(words("COST IN {code}", code=report.currency.currency))
    if report.by_job:
        header += [words("MEDIA MINUTES"), words("COST A MINUTE")]
    if report.as_if is not None:
        header += [words("COMPARED"), words("AS IF")]
    return header


def more_cells(report: UsageReport, rows: Sequence[UsageRow], lang: str) -> list[str]:
    """Return the cells of the optional columns, with the sums over `rows`."""
    cells = []
    if report.currency is not None:
        cells.append(local_money(known_cost(rows), report.currency, lang))
    if report.by_job:
        length, minute = report.media_milliseconds(rows), report.cost_of_a_minute(rows)
        cells += [
            figures.quantity(length, METERS["audio_minutes"], lang) if length else "-",
            "-" if minute is None else figures.money(minute, lang),
        ]
    if report.as_if is not None:
        repriced, compared, _ = report.as_if.sums([row.key for row in rows])
        cells += [
            "-" if each is None else figures.money(each, lang) for each in (compared, repriced)
        ]
    return cells


def more_notes(report: UsageReport, session: CommandContext) -> list[str]:
    """Return notes about the optional columns: how their figures are known, and which calls are
    left out."""
    words, notes = session.words, list[str]()
    if report.currency is not None:
        rate = rate_text(report.currency, session.lang)
        notes.append(words("{code} is assumed: {rate}", code=report.currency.currency, rate=rate))
    if report.as_if is not None:
        _, _, left_out = report.as_if.sums([row.key for row in report.rows])
        notes.append(words(
            "AS IF: what the calls in COMPARED would cost on {model}; assumed: the same "
            "quantities, at the list price of the day of each call",
            model=report.as_if.name,
        ))  # fmt: skip
        if left_out:
            notes.append(words(
                "{n} calls are not compared: {model} has no price for their meters, or the cost "
                "of these calls is unknown",
                n=left_out, model=report.as_if.name,
            ))  # fmt: skip
    return ["", *notes] if notes else []
