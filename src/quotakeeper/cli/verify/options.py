"""The options of `quotakeeper verify`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def verify(session: CommandContext, as_json: bool) -> int:
    """Check the ledger against its own journal."""
    from quotakeeper.cli.verify.command import run_verify

    return run_verify(session, as_json=as_json)
