"""The click command `forget`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.forget.option_table import FORGET


@click.command(FORGET.name, help=FORGET.summary)
@with_options(*FORGET.options)
@click.pass_obj
def forget(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.forget.command import run_forget

    return run_forget(session, **given)
