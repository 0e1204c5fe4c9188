"""The click command `quotakeeper plan` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from quotakeeper.cli.context import CommandContext

_SORTS = ("name", "shortest", "longest", "oldest", "newest")


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "--operations", metavar="NAMES", default="",
    help=(
        "Operations to plan, in this order, such as speech_to_text,translate; default: those in "
        "the ledger."
    ),
)  # fmt: skip
@click.option(
    "--model", "models", multiple=True, metavar="NAME",
    help="Model for speech or for text; repeatable.",
)  # fmt: skip
@click.option(
    "--language", "languages", multiple=True, metavar="CODE",
    help=(
        "Language in which audio may be transcribed; repeatable; you pay for each language. "
        "Default: zh and vi."
    ),
)  # fmt: skip
@click.option(
    "--tag", "tags", multiple=True, metavar="NAME=VALUE", help="A label for every call; repeatable."
)
@click.option(
    "--sort", type=click.Choice(_SORTS), default="name", show_default=True,
    help="Order in which files are planned.",
)  # fmt: skip
@click.option(
    "--limit-days", type=click.IntRange(1, 3_660), default=366, show_default=True,
    help="Maximum number of days to plan, including today.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Also plan files whose outputs already exist.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Folder where translate wrote its outputs; default: beside each file.",
)  # fmt: skip
@click.option(
    "--check",
    is_flag=True,
    help=(
        "Exit with code 3 if a file never fits the limits, and with 4 if a file must wait for "
        "a later day."
    ),
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def plan(  # noqa: PLR0913 - one for each option
    session: CommandContext, /, folders: tuple[str, ...], operations: str, tags: tuple[str, ...],
    check: bool, as_json: bool, again: bool, out: Path | None, **given: Any,
) -> int:  # fmt: skip
    """Estimate what folders of audio and video will cost, and on which day each file fits your
    limits.

    Nothing is sent. The rates come from your ledger's history. To compare models: quotakeeper
    estimate.
    """
    from quotakeeper.app.planning.planner import PlanRequest
    from quotakeeper.cli.plan.command import labels_of, run_plan

    names = tuple(name.strip() for name in operations.split(",") if name.strip())
    request = PlanRequest(names, scope=labels_of(tags), **given)
    return run_plan(session, folders, request, as_json=as_json, check=check, again=again, out=out)
