"""The click command `quotakeeper config` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def config() -> None:
    """Show the settings in force."""


@config.command("show")
@click.option("--origin", is_flag=True, help="Show where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the origin of each value.")
@click.pass_obj
def show_config(session: CommandContext, origin: bool, as_json: bool) -> int:
    """Show every setting and its value."""
    from quotakeeper.cli.config.command import run_show

    return run_show(session, origin=origin, as_json=as_json)
