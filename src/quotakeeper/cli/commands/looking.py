"""status, watch, report, events."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.errors import InvalidInputError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, schema 1.")
@click.option("--check", is_flag=True, help="Exit 3 over a hard limit, 4 near one.")
@click.pass_obj
def status(session: CommandContext, as_json: bool, check: bool) -> int:
    """Where every limit stands now."""
    from quotakeeper.cli.status import run_status

    return run_status(session, as_json=as_json, check=check)


@click.command()
@click.option("--once", is_flag=True, help="Print one frame and end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Frames as JSON, one a line; with --once, one."
)
@click.option(
    "--interval", type=float, default=2.0, show_default=True, help="Seconds between frames."
)
@click.pass_obj
def watch(session: CommandContext, once: bool, as_json: bool, interval: float) -> int:
    """A live screen: used, limit, speed, when it runs out, the last calls."""
    from quotakeeper.cli.watch import WatchOptions, run_watch

    return run_watch(session, WatchOptions(once, as_json, interval))


@click.command()
@click.option(
    "--by",
    default="provider,model,operation",
    show_default=True,
    help="What to add up by: provider, model, operation, day, hour, outcome, provenance, scope.NAME.",
)
@click.option("--since", metavar="TIME", help="From this date or time on.")
@click.option("--until", metavar="TIME", help="Up to this time, or to the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.pass_obj
def report(session: CommandContext, by: str, since: str | None, until: str | None, last: str | None,
           as_json: bool, as_csv: bool) -> int:  # fmt: skip
    """What was used and spent, added up."""
    from quotakeeper.cli.report import ReportOptions, run_report

    if as_json and as_csv:
        raise InvalidInputError("--csv", "stands beside --json", "give one of them")
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    form = "json" if as_json else "csv" if as_csv else "table"
    return run_report(session, ReportOptions(names, since, until, last, form))


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many, newest first.",
)
@click.option("--provider", default="", metavar="NAME", help="Only calls to this provider.")
@click.option("--operation", default="", metavar="NAME", help="Only this operation.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def events(
    session: CommandContext, limit: int, provider: str, operation: str, as_json: bool
) -> int:
    """The last calls, newest first."""
    from quotakeeper.cli.event_view import run_events

    return run_events(session, limit=limit, as_json=as_json, provider=provider, operation=operation)
