"""The click command `leases`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.leases.option_table import LEASES


@click.command(LEASES.name, help=LEASES.summary)
@with_options(*LEASES.options)
@click.pass_obj
def leases(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.leases.command import run_leases

    return run_leases(session, **given)
