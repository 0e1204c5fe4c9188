"""The click command `quotakeeper estimate` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext

_model = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Only the cost by this model; repeatable.",
)
_all = click.option("--all", "every", is_flag=True, help="The cost by every model with a price.")
_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def estimate() -> None:
    """What texts and sound files would need and cost, before any is sent.

    By many models, without history. When a folder would fit your limits: quotakeeper plan.
    """


@estimate.command()
@click.argument("file", required=False)
@click.option("--text", help="The text itself.")
@_model
@_all
@_json
@click.pass_obj
def text(
    session: CommandContext, file: str | None, text: str | None, models: tuple[str, ...], every: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Tokens, language and cost of a text FILE (- is stdin)."""
    from quotakeeper.cli.estimate.command import CostOptions, run_text

    return run_text(session, file, text, CostOptions(models, every, as_json))


@estimate.command()
@click.argument("files", nargs=-1, required=True)
@_model
@_all
@_json
@click.pass_obj
def audio(
    session: CommandContext,
    files: tuple[str, ...],
    models: tuple[str, ...],
    every: bool,
    as_json: bool,
) -> int:
    """Minutes and cost of sound FILES, by their headers."""
    from quotakeeper.cli.estimate.command import CostOptions, run_audio

    return run_audio(session, files, CostOptions(models, every, as_json))


@estimate.command()
@click.argument("folder")
@_model
@_all
@_json
@click.pass_obj
def folder(
    session: CommandContext, folder: str, models: tuple[str, ...], every: bool, as_json: bool
) -> int:
    """All texts and sound files in a FOLDER, added up."""
    from quotakeeper.cli.estimate.command import CostOptions, run_folder

    return run_folder(session, folder, CostOptions(models, every, as_json))
