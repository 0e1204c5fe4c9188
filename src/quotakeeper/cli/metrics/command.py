"""Runs `quotakeeper metrics`: prints the ledger's figures in the text format of Prometheus."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.app.metrics.reading import MetricsReader, counters_path
from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.telemetry.counter_file import CounterFile


def run_metrics(session: context.CommandContext, *, out: str | None = None) -> int:
    """Print the figures, or write them to a file. A missing ledger is not created.

    Returns the exit code. Raises LedgerError: then the file stays as it was.
    """
    context.check_ledger_is_there(session)
    with context.open_existing(session) as keeper:
        path = counters_path(keeper.settings)
        counters = CounterFile(path)
        text = MetricsReader(keeper, counters).text()
    if not counters.is_kept:
        why = "this user has no data folder that can be written to"
        shown = (
            session.words(why)
            if path is None
            else session.words("{path} cannot be used", path=path)
        )
        told = "the counters are not in a file, so they may fall after a correction: {why}"
        console.tell(session.words(told, why=shown))
    if out is None:
        console.say(text.rstrip("\n"))
    else:
        write_file(Path(out), lambda file: file.write(text))
    return exit_codes.OK
