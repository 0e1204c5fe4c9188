"""The click command `quotakeeper estimate` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext

_model = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Show the cost on this model only; repeatable.",
)
_all = click.option(
    "--all", "every", is_flag=True, help=("Show the cost on every model that has a price.")
)
_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def estimate() -> None:
    """Estimate the tokens, minutes and cost of text and audio files before you send them.

    Compares many models, without history. To see when a folder fits your limits: quotakeeper plan.
    """


@estimate.command()
@click.argument("file", required=False)
@click.option("--text", help="The text to estimate, instead of a file.")
@_model
@_all
@_json
@click.pass_obj
def text(
    session: CommandContext, file: str | None, text: str | None, models: tuple[str, ...], every: bool,
    as_json: bool,
) -> int:  # fmt: skip
    """Estimate the tokens, language and cost of a text FILE (- is stdin)."""
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
    """Estimate the minutes and cost of audio FILES from their headers."""
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
    """Estimate all text and audio files in a FOLDER together."""
    from quotakeeper.cli.estimate.command import CostOptions, run_folder

    return run_folder(session, folder, CostOptions(models, every, as_json))
