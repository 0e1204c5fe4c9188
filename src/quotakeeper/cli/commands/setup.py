"""doctor, config show."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def doctor(session: CommandContext, as_json: bool) -> int:
    """The whole set-up at a glance, and what is wrong with it."""
    from quotakeeper.cli.doctor import run_doctor

    return run_doctor(session, as_json=as_json)


@click.group()
def config() -> None:
    """The settings in force."""


@config.command("show")
@click.option("--origin", is_flag=True, help="Say where each value came from.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, origins too.")
@click.pass_obj
def show_config(session: CommandContext, origin: bool, as_json: bool) -> int:
    """Every setting and its value."""
    from quotakeeper.cli.config_view import run_show

    return run_show(session, origin=origin, as_json=as_json)
