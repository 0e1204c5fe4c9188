"""The click command `quotakeeper alerts` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def alerts() -> None:
    """Tell people about thresholds, refusals, unpriced calls and pauses, where they look."""


@alerts.command("run")
@click.option("--follow", is_flag=True, help="Go on until a signal ends the command.")
@click.option("--interval", "interval_seconds", type=click.FloatRange(0.2, 3_600), default=5.0,
              show_default=True, metavar="SECONDS",
              help="With --follow: the pause between two looks.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def run(session: CommandContext, follow: bool, interval_seconds: float, as_json: bool) -> int:
    """Read what is new in the journal, and send all alerts that are due.

    Any number of processes may run this at once: each alert is sent by one of them. Exit code 4: a
    receiver did not take an alert. It is tried again for a day, or never if the receiver refused it
    for good.
    """
    from quotakeeper.cli.alerts.command import run_run

    return run_run(session, follow=follow, interval_seconds=interval_seconds, as_json=as_json)


@alerts.command("test")
@click.option("--channel", metavar="NAME", help="Only this channel; default: all channels.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def test(session: CommandContext, channel: str | None, as_json: bool) -> int:
    """Send a test to each channel, and show the receiver's answer. Exit code 1: one failed."""
    from quotakeeper.cli.alerts.command import run_test

    return run_test(session, channel, as_json=as_json)


@alerts.command("show")
@click.option("--last", default="7d", metavar="SPAN", show_default=True,
              help="How far back, such as 24h or 7d.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True,
              help="The most rows to print.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(session: CommandContext, last: str, limit: int, as_json: bool) -> int:
    """Show the newest alerts, with each channel's last answer."""
    from quotakeeper.cli.alerts.command import run_show

    return run_show(session, last, limit, as_json=as_json)


@alerts.command("simulate")
@click.option("--last", default="30d", metavar="SPAN", show_default=True,
              help="How far back, such as 24h or 7d.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def simulate(session: CommandContext, last: str, as_json: bool) -> int:
    """Show which alerts the journal would have made. Nothing is sent or stored.

    Refusals are not in the journal, so they are not shown.
    """
    from quotakeeper.cli.alerts.command import run_simulate

    return run_simulate(session, last, as_json=as_json)
