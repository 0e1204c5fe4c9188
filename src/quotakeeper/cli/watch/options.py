"""The click command `quotakeeper watch` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--once", is_flag=True, help="Print one frame, then exit.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help=("Print frames as JSON, one per line; with --once, only one."),
)
@click.option(
    "--interval", type=float, default=2.0, show_default=True, help="Seconds between frames."
)
@click.pass_obj
def watch(session: CommandContext, once: bool, as_json: bool, interval: float) -> int:
    """Show limits live: use, rate, time of exhaustion, and the latest calls."""
    from quotakeeper.cli.watch.command import WatchOptions, run_watch

    return run_watch(session, WatchOptions(once, as_json, interval))
