"""The click command `quotakeeper limits` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS


@click.group()
def limits() -> None:
    """Show or change limits."""


@limits.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_limits(session: CommandContext, as_json: bool) -> int:
    """List the limits in force."""
    from quotakeeper.cli.limits.command import run_list

    return run_list(session, as_json=as_json)


@limits.command("set")
@click.argument("name")
@click.option("--provider", help="Count only calls to this provider; default: all.")
@click.option(
    "--model",
    help=(
        'Count only calls to this model; "gemini-2.5-*" matches all models that begin with '
        '"gemini-2.5-".'
    ),
)
@click.option("--operation", help="Count only calls of this operation; default: all.")
@click.option("--meter", type=click.Choice(list(METERS)), help="What the limit counts.")
@click.option(
    "--window", help='Period: minute, hour, day, week, month, "rolling 24h", or none (prepaid).'
)
@click.option("--amount", help="Amount, in the meter's unit: tokens, minutes, US dollars, ...")
@click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    help=(
        "What happens to a call that would exceed the limit: hard refuses it, soft warns, shadow "
        "only records it."
    ),
)
@click.option("--timezone", help="Time zone that decides when a day ends.")
@click.option(
    "--scope",
    multiple=True,
    metavar="LABEL=VALUE",
    help=(
        'Count only calls with this label; repeatable. --scope "" removes all labels of the limit.'
    ),
)
@click.option(
    "--per",
    metavar="LABEL",
    help='Apply the limit to each value of this label separately. --per "" removes this setting.',
)
@click.option(
    "--thresholds",
    metavar="LIST",
    help=("Warn when these parts of the amount are used, such as 0.5,0.8."),
)
@click.option(
    "--for",
    "for_span",
    metavar="SPAN",
    help='Raise the limit to --amount for this time only, such as "1d"; the file is not changed.',
)
@click.option("--why", metavar="TEXT", help="The reason, with --for.")
@click.option(
    "--unlisted",
    is_flag=True,
    help=("Allow a model that no price list contains, because it is new or your own."),
)
@click.pass_obj
def set_limit(session: CommandContext, /, name: str, **given: Any) -> int:
    """Create a limit, or change the given values of one.

    Changes the config file in use, else your user config file, and keeps its comments.
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
@click.option(
    "--to", required=True, metavar="AMOUNT", help=("The new amount, in the limit's unit.")
)
@click.option(
    "--for",
    "for_span",
    required=True,
    metavar="SPAN",
    help=('How long the limit stays raised, such as "1d".'),
)
@click.option(
    "--why", required=True, metavar="TEXT", help=("The reason, which is stored in the journal.")
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def raise_limit(session: CommandContext, name: str, to: str, for_span: str, why: str,
                as_json: bool) -> int:  # fmt: skip
    """Raise a limit for some time, in every process that uses the ledger; the raise ends by itself."""
    from quotakeeper.cli.limits.raising import run_raise

    return run_raise(session, name, to, for_span, why, as_json=as_json)


@limits.command("topup")
@click.argument("name")
@click.argument("amount")
@click.option("--expires", metavar="TIME", help="When the unused credit expires; default: never.")
@click.option(
    "--why", default="", metavar="TEXT", help=("The reason, which is stored in the journal.")
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def top_up(session: CommandContext, name: str, amount: str, expires: str | None, why: str,
           as_json: bool) -> int:  # fmt: skip
    """Add credit to a prepaid limit, which is a limit with --window none."""
    from quotakeeper.cli.limits.raising import run_top_up

    return run_top_up(session, name, amount, expires, why, as_json=as_json)


@limits.command("preset")
@click.argument("name", required=False)
@click.option("--write", is_flag=True, help="Write the limits of the preset to the config file.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def preset(session: CommandContext, name: str | None, write: bool, as_json: bool) -> int:
    """List presets of the providers' own limits; with NAME, show the limits of one.

    Every figure has a date and a source, and says how it is known.
    """
    from quotakeeper.cli.limits.presets import run_preset, run_presets

    if name is None:
        return run_presets(session, write=write, as_json=as_json)
    return run_preset(session, name, write=write, as_json=as_json)


@limits.command("remove")
@click.argument("name")
@click.pass_obj
def remove_limit(session: CommandContext, name: str) -> int:
    """Remove a limit from the config file."""
    from quotakeeper.cli.limits.command import run_remove

    return run_remove(session, name)
