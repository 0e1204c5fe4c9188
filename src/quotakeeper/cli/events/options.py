"""The click command `quotakeeper events` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="Number of calls to list.",
)
@click.option("--provider", default="", metavar="NAME", help="Only calls to this provider.")
@click.option("--operation", default="", metavar="NAME", help="Only this operation.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def events(
    session: CommandContext, limit: int, provider: str, operation: str, as_json: bool
) -> int:
    """List the latest calls, newest first."""
    from quotakeeper.cli.events.command import run_events

    return run_events(session, limit=limit, as_json=as_json, provider=provider, operation=operation)
