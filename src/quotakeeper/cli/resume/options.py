"""The click command `resume`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.resume.option_table import RESUME


@click.command(RESUME.name, help=RESUME.summary)
@with_options(*RESUME.options)
@click.pass_obj
def resume(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.resume.command import run_resume

    return run_resume(session, **given)
