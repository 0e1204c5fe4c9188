"""The click command `statusline`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.statusline.option_table import STATUSLINE


@click.command(STATUSLINE.name, help=STATUSLINE.summary)
@with_options(*STATUSLINE.options)
@click.pass_obj
def statusline(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.statusline.command import run_statusline

    return run_statusline(session, **given)
