"""The click command `quotakeeper report` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.errors import InvalidInputError


@click.command()
@click.option(
    "--by",
    default="provider,model,operation",
    show_default=True,
    help=(
        "Columns to sum by: provider, model, operation, job, day, hour, outcome, provenance, "
        "scope.NAME."
    ),
)
@click.option("--since", metavar="TIME", help="Start at this date or time.")
@click.option("--until", metavar="TIME", help="End at this time, or at the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option(
    "--as-if",
    "as_if",
    metavar="model=NAME",
    default="",
    help="Also show what the same calls would cost on this model.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.option(
    "--html", "html", metavar="FILE",
    help="Write the overview of the dashboard to this file instead, as one page to forward. Experimental.",
)  # fmt: skip
@click.pass_obj
def report(  # noqa: PLR0913 - click gives each option by name
    session: CommandContext, by: str, since: str | None, until: str | None, last: str | None,
    as_if: str, as_json: bool, as_csv: bool, html: str | None,
) -> int:  # fmt: skip
    """Show usage and cost, summed by the columns that you choose."""
    from quotakeeper.cli.report.command import ReportOptions, run_report, write_page

    if html is not None:
        given = click.get_current_context().get_parameter_source
        others = ("by", "since", "until", "last", "as_if", "as_json", "as_csv")
        if any(given(name) is click.core.ParameterSource.COMMANDLINE for name in others):
            raise InvalidInputError("--html", "cannot be used with another option of report",
                                    "give --html FILE alone")  # fmt: skip
        return write_page(session, html)
    if as_json and as_csv:
        raise InvalidInputError("--csv", "cannot be used with --json", "give one of them")
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    form = "json" if as_json else "csv" if as_csv else "table"
    return run_report(session, ReportOptions(names, since, until, last, form, as_if))
