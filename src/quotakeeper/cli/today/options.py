"""The click command `today`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.today.option_table import TODAY


@click.command(TODAY.name, help=TODAY.summary)
@with_options(*TODAY.options)
@click.pass_obj
def today(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.today.command import run_today

    return run_today(session, **given)
