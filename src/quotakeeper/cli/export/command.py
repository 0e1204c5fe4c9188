"""`quotakeeper export`: every event, in a form that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from quotakeeper.app.ledger_files import check_not_the_ledger
from quotakeeper.app.records import write_events, write_file
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text.times import parse_range
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to export and where to."""

    form: str = "ndjson"
    out: str | None = None
    since: str | None = None
    until: str | None = None
    last: str | None = None
    mark: bool = False


def run_export(session: context.CommandContext, options: ExportOptions) -> int:
    """Write events to a file, or to stdout when none is named."""
    if options.mark and options.form != "csv":
        raise InvalidInputError("--bom", "is for CSV only", "leave it out, or take --format csv")
    with context.open_existing(session) as keeper:
        if options.out is not None:
            check_not_the_ledger(options.out, keeper.settings, "--out")
        now = keeper.now()
        since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
        events = keeper.events(since=since, until=until)

        def write(stream: TextIO) -> int:
            return write_events(events, stream, options.form, generated_at=now)

        if options.out in (None, "-"):
            _to_stdout(write, mark=options.mark)
            return exit_codes.OK
        count = write_file(Path(str(options.out)), write, mark=options.mark)
    console.tell(session.words("events written to {file}: {n}", n=count, file=options.out))
    return exit_codes.OK


def _to_stdout(write: Callable[[TextIO], int], *, mark: bool) -> None:
    # Data is UTF-8 with the line ends of its form, whatever the terminal is: no byte of it may
    # depend on the locale of the machine that it was exported on.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not sys.stdout.isatty():
        reconfigure(encoding="utf-8-sig" if mark else "utf-8", newline="")
    write(sys.stdout)
