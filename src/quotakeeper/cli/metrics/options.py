"""The click command `metrics` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--out", metavar="FILE",
              help="Write to this file, whole or not at all; default: print.")  # fmt: skip
@click.pass_obj
def metrics(session: CommandContext, /, **given: Any) -> int:
    """Print the ledger's figures for Prometheus, once.

    For the textfile collector of node_exporter. `quotakeeper serve --admin` has them at /metrics.
    """
    from quotakeeper.cli.metrics.command import run_metrics

    return run_metrics(session, **given)
