"""Runs `quotakeeper export`: writes every usage event in a format that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import TextIO

from quotakeeper.app.ledger_files import check_not_the_ledger
from quotakeeper.app.records.atomic_file import write_bytes, write_file
from quotakeeper.app.records.csv_text import PLAIN, WITH_SEMICOLONS
from quotakeeper.app.records.events import write_events
from quotakeeper.app.records.spreadsheet import SheetForm, write_sheet_csv
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.export.option_table import XLSX
from quotakeeper.cli.text.times import parse_range
from quotakeeper.config.terminal import writes_decimal_comma
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `export`: which events, in which format, to which file.

    `mark` adds a byte order mark. With `excel`, the file is CSV for Excel.
    """

    form: str = "ndjson"
    out: str | None = None
    since: str | None = None
    until: str | None = None
    last: str | None = None
    mark: bool = False
    excel: bool = False
    separator: str | None = None


def run_export(session: context.CommandContext, options: ExportOptions) -> int:
    """Write events to a file, or to stdout if no file is named. Returns the exit code."""
    _check(options)
    with context.open_existing(session) as keeper:
        if options.out is not None:
            check_not_the_ledger(options.out, keeper.settings, "--out")
        now = keeper.now()
        since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
        events = keeper.events(since=since, until=until)
        sheet = _sheet_form(session, options, keeper.zone, keeper.settings.currency)
        if options.form == XLSX:
            count = _to_workbook(events, sheet, str(options.out))
        else:

            def write(stream: TextIO) -> int:
                if options.excel:
                    return write_sheet_csv(events, stream, sheet)
                return write_events(events, stream, options.form, generated_at=now)

            mark = options.mark or options.excel
            if options.out in (None, "-"):
                _to_stdout(write, mark=mark)
                return exit_codes.OK
            count = write_file(Path(str(options.out)), write, mark=mark)
    console.tell(session.words("events written to {file}: {n}", n=count, file=options.out))
    return exit_codes.OK


def _check(options: ExportOptions) -> None:
    if options.excel and options.form not in ("ndjson", "csv"):
        fix = "leave one of them out: --excel writes CSV"
        raise InvalidInputError("--excel", f"cannot be used with --format {options.form}", fix)
    if options.mark and options.form != "csv" and not options.excel:
        raise InvalidInputError("--bom", "is for CSV only", "leave it out, or use --format csv")
    if options.separator and not options.excel:
        raise InvalidInputError("--separator", "is for --excel only", "add --excel")
    if options.form == XLSX and options.out in (None, "-"):
        raise InvalidInputError(
            "--out", "is missing", "give the file name, such as --out usage.xlsx"
        )


def _sheet_form(
    session: context.CommandContext, options: ExportOptions, zone: tzinfo, rate: ExchangeRate | None
) -> SheetForm:
    semicolons = options.separator == "semicolon"
    if options.separator is None:
        semicolons = writes_decimal_comma(session.lang)
    return SheetForm(zone, rate, WITH_SEMICOLONS if semicolons else PLAIN)


def _to_workbook(events: Iterator[UsageEvent], sheet: SheetForm, out: str) -> int:
    from quotakeeper.cli.export.workbook import workbook_bytes

    data, count = workbook_bytes(events, sheet)
    write_bytes(Path(out), data)
    return count


def _to_stdout(write: Callable[[TextIO], int], *, mark: bool) -> None:
    # Redirected data is UTF-8 with the line ends of its format. The exported bytes must not
    # depend on the locale of the machine.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not sys.stdout.isatty():
        reconfigure(encoding="utf-8-sig" if mark else "utf-8", newline="")
    write(sys.stdout)
