"""The click command `quotakeeper reconcile` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.argument("provider", type=click.Choice(("deepgram", "gemini")))
@click.option(
    "--file", "files", multiple=True, metavar="EXPORT",
    help="Read a saved export, not the provider's account; repeatable.",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="Start at this date or time.")
@click.option("--until", metavar="TIME", help="End at this time, or at the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option(
    "--apply", is_flag=True, help="Write the corrections that are certain as new entries."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--base-url",
    default="",
    metavar="URL",
    help=("Address of the account API, if it differs from the usual address."),
)
@click.option("--project", default="", metavar="ID", help="Id of the project at the provider.")
@click.pass_obj
def reconcile(session: CommandContext, /, provider: str, **given: Any) -> int:
    """Compare the ledger with the provider's account, and list every difference.

    Exit with code 5 if there is a difference; with --apply: if a difference could not be
    corrected.
    """
    from quotakeeper.cli.reconcile.command import ReconcileOptions, run_reconcile

    return run_reconcile(session, ReconcileOptions(provider, **given))
