"""Runs `quotakeeper report`: prints usage and cost, added up by the chosen columns."""

from __future__ import annotations

import json
import sys

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
