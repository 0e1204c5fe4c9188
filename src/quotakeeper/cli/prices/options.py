"""The click command `quotakeeper prices` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def prices() -> None:
    """Show the prices at which calls are counted."""


@prices.command("list")
@click.option("--provider", default="", metavar="NAME", help="Only prices of this provider.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_prices(session: CommandContext, provider: str, as_json: bool) -> int:
    """List all prices, each with its date, source and confidence."""
    from quotakeeper.cli.prices.command import run_list

    return run_list(session, provider=provider, as_json=as_json)


@prices.command("show")
@click.argument("model")
@click.option("--provider", default="", metavar="NAME", help="Only prices of this provider.")
@click.option("--at", metavar="TIME", help="Prices in force at this time; default: now.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show_price(
    session: CommandContext, model: str, provider: str, at: str | None, as_json: bool
) -> int:
    """Show the prices of one model that are in force."""
    from quotakeeper.cli.prices.command import run_show

    return run_show(session, model, provider=provider, at=at, as_json=as_json)


@prices.command("import")
@click.argument("source", type=click.Choice(["genai-prices"]))
@click.option("--file", metavar="FILE",
              help="The JSON file that genai-prices publishes; default: the installed package.")  # fmt: skip
@click.option("--provider", "providers", multiple=True, metavar="NAME",
              help="Only this provider; repeatable. Default: those whose calls quotakeeper can "
                   "meter.")  # fmt: skip
@click.option("--out", metavar="FILE",
              help="The price file to write; default: genai-prices.toml beside the config file.")  # fmt: skip
@click.pass_obj
def import_prices(
    session: CommandContext, source: str, file: str | None, providers: tuple[str, ...],
    out: str | None,
) -> int:  # fmt: skip
    """Write a price file for models that the catalogue does not have.

    A price of the catalogue, or of another price file, is never changed.
    """
    from quotakeeper.cli.prices.importing import run_import

    return run_import(session, file, providers, out)
