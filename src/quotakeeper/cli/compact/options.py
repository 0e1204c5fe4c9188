"""The click command `quotakeeper compact` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--keep", metavar="SPAN", default="400d", show_default=True,
              help="Keep individual calls for this long; at least 35d.")  # fmt: skip
@click.option(
    "--shrink",
    is_flag=True,
    help=("Return the freed space to the disk; this copies the whole file."),
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def compact(session: CommandContext, keep: str, shrink: bool, as_json: bool) -> int:
    """Delete old individual calls; balances and reports stay."""
    from quotakeeper.cli.compact.command import run_compact

    return run_compact(session, keep, shrink=shrink, as_json=as_json)
