"""The click command `run`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.run.option_table import RUN


@click.command(
    RUN.name,
    help=RUN.summary,
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
@with_options(*RUN.options)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(session: CommandContext, /, command: tuple[str, ...], **given: Any) -> int:
    from quotakeeper.cli.run.command import RunOptions, run_run

    return run_run(session, RunOptions(command, **given))
