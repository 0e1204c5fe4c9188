"""Converts events to spreadsheet rows, with local times and an optional second currency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import TextIO

from quotakeeper.app.records.csv_text import PLAIN, CsvForm, Number, csv_line
from quotakeeper.app.records.events import CSV_COLUMNS, csv_cells
from quotakeeper.app.records.instants import zone_text
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.value_classes import dataclass

Cell = str | Number | datetime | None
_TIME, _COST = CSV_COLUMNS.index("at"), CSV_COLUMNS.index("cost_usd")


@dataclass(frozen=True, slots=True)
class SheetForm:
    """The format of a sheet: the time zone of its times, a second currency or None, and the CSV format."""

    zone: tzinfo
    rate: ExchangeRate | None = None
    csv: CsvForm = PLAIN


def sheet_header(form: SheetForm) -> list[str]:
    """Return the column headings of the CSV export. The time column also names the time zone.

    With a second currency, there is one more column for the cost in this currency.
    """
    header = list(CSV_COLUMNS)
    header[_TIME] = f"time ({zone_text(form.zone)})"
    if form.rate is not None:
        rate = form.rate
        told = f"cost_{rate.currency.lower()} (assumed, {rate.date}, {rate.source})"
        header.insert(_COST + 1, told)
    return header


def sheet_rows(events: Iterable[UsageEvent], form: SheetForm) -> Iterator[list[Cell]]:
    """Yield the cells of each event. Times are local and without a zone, because spreadsheets
    accept no zone."""
    for event in events:
        cells: list[Cell] = [*csv_cells(event)]
        cells[_TIME] = moment(event.at, form.zone).replace(tzinfo=None)
        if form.rate is not None:
            cost = event.cost_pico
            local = None if cost is None else Number(f"{form.rate.amount(cost):f}")
            cells.insert(_COST + 1, local)
        yield cells


def write_sheet_csv(events: Iterable[UsageEvent], stream: TextIO, form: SheetForm) -> int:
    """Write events as CSV for spreadsheets. Returns how many events were written."""
    stream.write(csv_line(sheet_header(form), form.csv))
    count = 0
    for count, cells in enumerate(sheet_rows(events, form), start=1):  # noqa: B007 - the count
        stream.write(csv_line([_as_text(cell) for cell in cells], form.csv))
    return count


def _as_text(cell: Cell) -> str | Number | None:
    return f"{cell:%Y-%m-%d %H:%M:%S}" if isinstance(cell, datetime) else cell
