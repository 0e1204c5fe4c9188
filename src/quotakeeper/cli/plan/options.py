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
    help="Only these, in this order: speech_to_text,translate,rewrite; else what the ledger knows.",
)  # fmt: skip
@click.option(
    "--model", "models", multiple=True, metavar="NAME",
    help="By this model, for speech or for text; repeatable.",
)  # fmt: skip
@click.option(
    "--language", "languages", multiple=True, metavar="CODE",
    help="A language that sound may be heard in (zh and vi); repeatable, each is paid for.",
)  # fmt: skip
@click.option(
    "--tag", "tags", multiple=True, metavar="NAME=VALUE", help="A label for every call; repeatable."
)
@click.option(
    "--sort", type=click.Choice(_SORTS), default="name", show_default=True,
    help="The order that files are taken in.",
)  # fmt: skip
@click.option(
    "--limit-days", type=click.IntRange(1, 3_660), default=366, show_default=True,
    help="How many days to plan at most, today included.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Plan files too whose outputs are there already.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Where translate wrote its outputs; beside each file, if not given.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Exit 3 if a file never fits, 4 if some wait a day.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def plan(  # noqa: PLR0913 - one for each option
    session: CommandContext, /, folders: tuple[str, ...], operations: str, tags: tuple[str, ...],
    check: bool, as_json: bool, again: bool, out: Path | None, **given: Any,
) -> int:  # fmt: skip
    """What folders of sound and film would cost by your own history, and on which day each file fits.

    Nothing is sent. For the price of one text or sound by many models see: quotakeeper estimate.
    """
    from quotakeeper.app.planning.planner import PlanRequest
    from quotakeeper.cli.plan.command import labels_of, run_plan

    names = tuple(name.strip() for name in operations.split(",") if name.strip())
    request = PlanRequest(names, scope=labels_of(tags), **given)
    return run_plan(session, folders, request, as_json=as_json, check=check, again=again, out=out)
