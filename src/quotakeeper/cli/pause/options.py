"""The click command `pause`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.pause.option_table import PAUSE


@click.command(PAUSE.name, help=PAUSE.summary)
@with_options(*PAUSE.options)
@click.pass_obj
def pause(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.pause.command import run_pause

    return run_pause(session, **given)
