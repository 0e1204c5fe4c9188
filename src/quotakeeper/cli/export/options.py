"""The click command `export`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.export.option_table import EXPORT


@click.command(EXPORT.name, help=EXPORT.summary)
@with_options(*EXPORT.options)
@click.pass_obj
def export(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.export.command import ExportOptions, run_export

    return run_export(session, ExportOptions(**given))
