"""`quotakeeper report`: what was used and spent, added up by what one asks for."""

from __future__ import annotations

import json
import sys

from quotakeeper.app.records.report import report_csv_lines, report_record, usage_report
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.report.view import report_lines
from quotakeeper.cli.text.times import parse_range
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What to add up, over which time, and in which form to print it."""

    by: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    last: str | None = None
    form: str = "table"


def run_report(session: context.CommandContext, options: ReportOptions) -> int:
    """Print the sums."""
    with context.open_existing(session) as keeper:
        now = keeper.now()
        since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
        report = usage_report(keeper, options.by, since, until, now)
    if options.form == "json":
        console.say(json.dumps(report_record(report), indent=2))
    elif options.form == "csv":
        sys.stdout.write("".join(report_csv_lines(report)))
    else:
        for line in report_lines(report, session, console.width()):
            console.say(line)
    return exit_codes.OK
