"""The options of `quotakeeper doctor`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def doctor(session: CommandContext, as_json: bool) -> int:
    """The whole set-up at a glance, and what is wrong with it."""
    from quotakeeper.cli.doctor.command import run_doctor

    return run_doctor(session, as_json=as_json)
