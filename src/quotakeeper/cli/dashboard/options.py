"""The click command `quotakeeper dashboard` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_788, show_default=True,
    help="Port of 127.0.0.1 to listen on; 0: any free port.",
)  # fmt: skip
@click.pass_obj
def dashboard(session: CommandContext, port: int) -> int:
    """Show the ledger on a web page of this machine: limits, cost, calls. Changes nothing.

    Experimental. Only this machine can open the page, with the token in the printed address.
    """
    from quotakeeper.cli.dashboard.command import run_dashboard_command

    return run_dashboard_command(session, port)
