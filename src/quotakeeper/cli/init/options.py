"""The click command `init`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.init.option_table import INIT


@click.command(INIT.name, help=INIT.summary)
@with_options(*INIT.options)
@click.pass_obj
def init(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.init.command import run_init

    return run_init(session, **given)
