"""The click command `quotakeeper limits` and its options."""

from __future__ import annotations

from typing import Any

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
@click.option(
    "--window", help='Per minute, hour, day, week, month, "rolling 24h", or none (prepaid).'
)
@click.option("--amount", help="How much: tokens, minutes, US dollars, ...")
@click.option(
    "--mode", type=click.Choice([str(mode) for mode in Mode]), help="What passing it does."
)
@click.option("--timezone", help="The zone whose midnight it resets at.")
@click.option(
    "--scope",
    multiple=True,
    metavar="LABEL=VALUE",
    help="Only calls with this label; repeatable. Empty: for all calls again.",
)
@click.option(
    "--per",
    metavar="LABEL",
    help="A limit of its own for each value of this label. Empty: no more.",
)
@click.option("--thresholds", metavar="LIST", help="Where to warn, as parts of 1: 0.5,0.8.")
@click.option(
    "--for",
    "for_span",
    metavar="SPAN",
    help='Raise --amount for this long only, like "1d"; the file stays as it is.',
)
@click.option("--why", metavar="TEXT", help="The reason, with --for.")
@click.option(
    "--unlisted", is_flag=True, help="The model is new or your own: no price list need have it."
)
@click.pass_obj
def set_limit(session: CommandContext, /, name: str, **given: Any) -> int:
    """Make a limit, or change the given parts of one.

    The config file in force is changed, else the user's own; comments in it are kept.
    """
    from quotakeeper.cli.limits.command import run_set
    from quotakeeper.cli.limits.given import changes_given
    from quotakeeper.cli.limits.raising import run_set_for

    for_span, why = given.pop("for_span"), given.pop("why")
    changes = changes_given(given)
    if for_span is not None:
        return run_set_for(session, name, changes, for_span, why)
    return run_set(session, name, changes)


@limits.command("raise")
@click.argument("name")
@click.option("--to", required=True, metavar="AMOUNT", help="The larger amount, in its unit.")
@click.option("--for", "for_span", required=True, metavar="SPAN", help='For how long, like "1d".')
@click.option("--why", required=True, metavar="TEXT", help="The reason, for the journal.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def raise_limit(session: CommandContext, name: str, to: str, for_span: str, why: str,
                as_json: bool) -> int:  # fmt: skip
    """Give a limit more for a time, in every process on the ledger; it lapses by itself."""
    from quotakeeper.cli.limits.raising import run_raise

    return run_raise(session, name, to, for_span, why, as_json=as_json)


@limits.command("topup")
@click.argument("name")
@click.argument("amount")
@click.option(
    "--expires", metavar="TIME", help="When what is left of it lapses; never, if not given."
)
@click.option("--why", default="", metavar="TEXT", help="The reason, for the journal.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def top_up(session: CommandContext, name: str, amount: str, expires: str | None, why: str,
           as_json: bool) -> int:  # fmt: skip
    """Pay credit into a prepaid limit, one with --window none."""
    from quotakeeper.cli.limits.raising import run_top_up

    return run_top_up(session, name, amount, expires, why, as_json=as_json)


@limits.command("preset")
@click.argument("name", required=False)
@click.option("--write", is_flag=True, help="Set it in the config file.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def preset(session: CommandContext, name: str | None, write: bool, as_json: bool) -> int:
    """Presets of the providers' own limits; with NAME, what it would set.

    Every figure has a date, a source, and says how it is known.
    """
    from quotakeeper.cli.limits.presets import run_preset, run_presets

    if name is None:
        return run_presets(session, write=write, as_json=as_json)
    return run_preset(session, name, write=write, as_json=as_json)


@limits.command("remove")
@click.argument("name")
@click.pass_obj
def remove_limit(session: CommandContext, name: str) -> int:
    """Take a limit out of the config file."""
    from quotakeeper.cli.limits.command import run_remove

    return run_remove(session, name)
