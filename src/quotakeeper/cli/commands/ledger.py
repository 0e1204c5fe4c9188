"""export, verify, compact."""

from __future__ import annotations

import click

from quotakeeper.app.records import FORMATS
from quotakeeper.cli.context import CommandContext


@click.command()
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="ndjson", show_default=True,
    help="The form to write.",
)  # fmt: skip
@click.option("--out", metavar="FILE", help="Write here instead of stdout.")
@click.option("--since", metavar="TIME", help="From this date or time on.")
@click.option("--until", metavar="TIME", help="Up to this time, or to the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option("--bom", is_flag=True, help="CSV that Excel reads as UTF-8.")
@click.pass_obj
def export(session: CommandContext, form: str, out: str | None, since: str | None, until: str | None,
           last: str | None, bom: bool) -> int:  # fmt: skip
    """Every event, for other programs."""
    from quotakeeper.cli.export import ExportOptions, run_export

    return run_export(session, ExportOptions(form, out, since, until, last, bom))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def verify(session: CommandContext, as_json: bool) -> int:
    """Check the ledger against its own journal."""
    from quotakeeper.cli.verify import run_verify

    return run_verify(session, as_json=as_json)


@click.command()
@click.option("--keep", metavar="SPAN", default="400d", show_default=True,
              help="Keep the single calls of this long; 35d at least.")  # fmt: skip
@click.option("--shrink", is_flag=True, help="Give the room back to the disk: copies the file.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def compact(session: CommandContext, keep: str, shrink: bool, as_json: bool) -> int:
    """Let single calls of long ago go; balances and reports stay."""
    from quotakeeper.cli.compact import run_compact

    return run_compact(session, keep, shrink=shrink, as_json=as_json)
