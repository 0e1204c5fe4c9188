"""The click command `quotakeeper reconcile` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.argument("provider", type=click.Choice(("deepgram", "gemini")))
@click.option(
    "--file", "files", multiple=True, metavar="EXPORT",
    help="Read a saved export instead of the account; repeatable.",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="From this date or time on.")
@click.option("--until", metavar="TIME", help="Up to this time, or to the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option("--apply", is_flag=True, help="Write the certain corrections as new entries.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--base-url",
    default="",
    metavar="URL",
    help=("Address of the account's API, if it is not the usual one."),
)
@click.option("--project", default="", metavar="ID", help="Id of the project at the provider.")
@click.pass_obj
def reconcile(session: CommandContext, /, provider: str, **given: Any) -> int:
    """Compare the ledger with the provider's account, and list every difference.

    Exit code 5: there is a difference; with --apply: a difference could not be corrected.
    """
    from quotakeeper.cli.reconcile.command import ReconcileOptions, run_reconcile

    return run_reconcile(session, ReconcileOptions(provider, **given))
