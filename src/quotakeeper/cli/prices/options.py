"""The click command `quotakeeper prices` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def prices() -> None:
    """The prices that calls are counted at."""


@prices.command("list")
@click.option("--provider", default="", metavar="NAME", help="Only of this provider.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_prices(session: CommandContext, provider: str, as_json: bool) -> int:
    """Every price there is, with its date, source and confidence."""
    from quotakeeper.cli.prices.command import run_list

    return run_list(session, provider=provider, as_json=as_json)


@prices.command("show")
@click.argument("model")
@click.option("--provider", default="", metavar="NAME", help="Only of this provider.")
@click.option("--at", metavar="TIME", help="As it was or will be then.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show_price(
    session: CommandContext, model: str, provider: str, at: str | None, as_json: bool
) -> int:
    """The prices of one model that are in force."""
    from quotakeeper.cli.prices.command import run_show

    return run_show(session, model, provider=provider, at=at, as_json=as_json)
