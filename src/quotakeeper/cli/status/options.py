"""The options of `quotakeeper status`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, schema 1.")
@click.option("--check", is_flag=True, help="Exit 3 over a hard limit, 4 near one.")
@click.pass_obj
def status(session: CommandContext, as_json: bool, check: bool) -> int:
    """Where every limit stands now."""
    from quotakeeper.cli.status.command import run_status

    return run_status(session, as_json=as_json, check=check)
