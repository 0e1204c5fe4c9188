"""Runs `quotakeeper report`: prints usage and cost, added up by the chosen columns."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.records.report import report_csv_lines, report_record, usage_report
from quotakeeper.app.upcoming_prices import changes_of_used_models
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.report.view import report_lines
from quotakeeper.cli.text.times import parse_range
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The options of `report`. `by` are the columns to add up by; `form` is "table", "json" or "csv"."""

    by: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    last: str | None = None
    form: str = "table"
    as_if: str = ""


def write_page(session: context.CommandContext, out: str) -> int:
    """Write the overview to the file `out` as one page. Returns the exit code."""
    from quotakeeper.app.overview.reading import OverviewReader
    from quotakeeper.app.overview.record import overview_record
    from quotakeeper.app.records.atomic_file import write_bytes
    from quotakeeper.dashboard.single_page import single_page

    with context.open_existing(session) as keeper:
        record = overview_record(OverviewReader(keeper).read())
    write_bytes(Path(out), single_page(record, session.lang).encode())
    console.tell(session.words("the page was written to {path}", path=out))
    return exit_codes.OK


def run_report(session: context.CommandContext, options: ReportOptions) -> int:
    """Print the report. Returns the exit code."""
    with context.open_existing(session) as keeper:
        now = keeper.now()
        since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
        report = usage_report(keeper, options.by, since, until, now, options.as_if)
        table = options.form == "table"
        changes = changes_of_used_models(keeper, since, until, now) if table else []
    if options.form == "json":
        console.say(json.dumps(report_record(report), indent=2))
    elif options.form == "csv":
        sys.stdout.write("".join(report_csv_lines(report)))
    else:
        lines = report_lines(report, session, console.width())
        notices = notice_lines(changes, session.words)
        for line in [*lines, *([""] if notices else []), *notices]:
            console.say(line)
    return exit_codes.OK
