"""The click command `backup`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.backup.option_table import BACKUP
from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext


@click.command(BACKUP.name, help=BACKUP.summary)
@with_options(*BACKUP.options)
@click.pass_obj
def backup(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.backup.command import run_backup

    return run_backup(session, **given)
