"""The click command `verify`. Its options come from `option_table`."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.click_options import with_options
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.verify.option_table import VERIFY


@click.command(VERIFY.name, help=VERIFY.summary)
@with_options(*VERIFY.options)
@click.pass_obj
def verify(session: CommandContext, /, **given: Any) -> int:
    from quotakeeper.cli.verify.command import run_verify

    return run_verify(session, **given)
