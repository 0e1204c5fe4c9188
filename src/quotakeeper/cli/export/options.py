"""The options of `quotakeeper export`."""

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
    from quotakeeper.cli.export.command import ExportOptions, run_export

    return run_export(session, ExportOptions(form, out, since, until, last, bom))
