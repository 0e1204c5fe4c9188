"""The click command `quotakeeper reconcile` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.argument("provider", type=click.Choice(("deepgram", "gemini")))
@click.option(
    "--file", "files", multiple=True, metavar="EXPORT",
    help="A saved export instead of the account itself; repeatable.",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="From this date or time on.")
@click.option("--until", metavar="TIME", help="Up to this time, or to the end of this date.")
@click.option("--last", metavar="SPAN", help='The last "24h", "7d", ...')
@click.option("--apply", is_flag=True, help="Write what is certain, as new entries.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--base-url", default="", metavar="URL", help="Another address of the account.")
@click.option("--project", default="", metavar="ID", help="The project at the provider.")
@click.pass_obj
def reconcile(session: CommandContext, /, provider: str, **given: Any) -> int:
    """Hold the ledger against the provider's own account and name every difference.

    Exit 5 when something differs; with --apply, when something that differs could not be written.
    """
    from quotakeeper.cli.reconcile.command import ReconcileOptions, run_reconcile

    return run_reconcile(session, ReconcileOptions(provider, **given))
