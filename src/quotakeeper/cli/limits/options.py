"""The options of `quotakeeper limits`."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS


@click.group()
def limits() -> None:
    """See and change the limits."""


@limits.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_limits(session: CommandContext, as_json: bool) -> int:
    """The limits in force."""
    from quotakeeper.cli.limits.command import run_list

    return run_list(session, as_json=as_json)


@limits.command("set")
@click.argument("name")
@click.option("--provider", help="The provider it is for; any, if not given.")
@click.option("--model", help='The model it is for; "gemini-2.5-*" is all that begin so.')
@click.option("--operation", help="The operation it is for.")
@click.option("--meter", type=click.Choice(list(METERS)), help="What is counted.")
@click.option("--window", help='Per minute, hour, day, week, month, or "rolling 24h".')
@click.option("--amount", help="How much: tokens, minutes, US dollars, ...")
@click.option(
    "--mode", type=click.Choice([str(mode) for mode in Mode]), help="What passing it does."
)
@click.option("--timezone", help="The zone whose midnight it resets at.")
@click.option(
    "--unlisted", is_flag=True, help="The model is new or your own: no price list need have it."
)
@click.pass_obj
def set_limit(
    session: CommandContext, /, name: str, unlisted: bool, **given: str | None
) -> int:  # fmt: skip
    """Make a limit, or change the given parts of one.

    The config file in force is changed, else the user's own; comments in it are kept.
    """
    from quotakeeper.cli.limits.command import run_set

    changes = {key: text for key, text in given.items() if text is not None}
    return run_set(session, name, changes | ({"unlisted": "true"} if unlisted else {}))


@limits.command("remove")
@click.argument("name")
@click.pass_obj
def remove_limit(session: CommandContext, name: str) -> int:
    """Take a limit out of the config file."""
    from quotakeeper.cli.limits.command import run_remove

    return run_remove(session, name)
