"""The click command `status`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.status.option_table import STATUS


@click.command(STATUS.name, help=STATUS.summary)
@with_options(*STATUS.options)
@click.pass_obj
def status(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.status.command import run_status

    return run_status(session, **given)
