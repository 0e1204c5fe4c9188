"""Writes events as an XLSX workbook. Needs the package of the extra `xlsx`.

Text cells are never formulas.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

from quotakeeper.app.records.csv_text import Number, visible
from quotakeeper.app.records.spreadsheet import Cell, SheetForm, sheet_header, sheet_rows
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError, MissingExtraError

MOST_ROWS = 1_048_575  # rows that one sheet can hold, without its header
_SETTINGS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}


def workbook_bytes(events: Iterable[UsageEvent], form: SheetForm) -> tuple[bytes, int]:
    """Return the bytes of a workbook with one sheet, and the number of events in the sheet.

    Raises MissingExtraError if the package is not installed. Raises InvalidInputError if there are
    more events than a sheet can have.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise MissingExtraError("xlsx", "export --format xlsx") from None
    buffer = io.BytesIO()
    count = _fill(Workbook, buffer, events, form)
    return buffer.getvalue(), count


def _fill(make: Any, buffer: IO[bytes], events: Iterable[UsageEvent], form: SheetForm) -> int:
    count = 0
    with make(buffer, _SETTINGS) as book:
        sheet = book.add_worksheet("events")
        bold = book.add_format({"bold": True})
        header = sheet_header(form)
        for column, text in enumerate(header):
            sheet.write_string(0, column, visible(text), bold)
        for count, cells in enumerate(sheet_rows(events, form), start=1):
            if count > MOST_ROWS:
                raise InvalidInputError(
                    "--format",
                    f"a sheet holds at most {MOST_ROWS:,} events",
                    "give --since and --until",
                )
            for column, cell in enumerate(cells):
                _write(sheet, count, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, count, len(header) - 1)
        sheet.set_column(0, len(header) - 1, 18)
    return count


def _write(sheet: Any, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, Number):
        sheet.write_number(row, column, float(cell.text))
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell)
    elif cell:
        sheet.write_string(row, column, visible(cell))
