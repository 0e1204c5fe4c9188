"""The click command `quotakeeper completion` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands and options in a shell.

    The first lines of the script say where to put it. Print the script again after an update.
    """
    from quotakeeper.cli.completion.command import run_completion

    session = ctx.obj if isinstance(ctx.obj, CommandContext) else CommandContext()
    return run_completion(session, shell, ctx.find_root())
