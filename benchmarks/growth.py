"""Benchmark of growth: what a ledger costs from a thousand to millions of events, one file for each size.

The benchmark measures all sizes in each round. It measures a case that takes over ten seconds only
once.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.filling import CONFIG, fill, palette
from benchmarks.measuring import (
    PYTHON,
    Line,
    alternating,
    child_environment,
    line,
    quantile,
    say,
    seconds,
)
from quotakeeper import Keeper

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
MOST = 1_000_000
KEEP = "90d"
_COMPACTED_MOST = 1_000_000  # a larger ledger takes over 15 minutes to compact
_PAIRS = 200
_TOO_LONG_SECONDS = 10.0


class Filled(NamedTuple):
    """A ledger that has this many events."""

    events: int
    path: Path
    config: Path

    def asked(self, *command: str) -> list[str]:
        """The arguments that run a quotakeeper command on this ledger."""
        chosen = ["--ledger", str(self.path), "--config", str(self.config)]
        return [PYTHON, "-m", "quotakeeper", *chosen, *command]

    @property
    def size(self) -> int:
        """Bytes on disk, including the write-ahead log."""
        parts = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())


def run(rounds: int, *, most: int = MOST) -> list[Line]:
    """Run the benchmark for every size up to `most`. Returns all its lines."""
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as name:
        folder = Path(name)
        config = folder / "quotakeeper.toml"
        config.write_text(CONFIG, encoding="utf-8")
        lines: list[Line] = []
        ledgers = []
        calls = palette(config)
        until = time.time_ns() // 1_000
        for events in (*(size for size in SIZES if size < most), most):
            ledger = Filled(events, folder / f"{events}.ledger", config)
            took = seconds(partial(fill, ledger.path, config, calls, events, until))
            print(f"  filled {events:,} events in {took:.1f} s", flush=True)
            ledgers.append(ledger)
            lines.append(line(f"{events:,} events, filling", [events / took], "per s",
                              key=f"growth.{events}.filling"))  # fmt: skip
            lines.append(line(f"{events:,} events, file", [ledger.size / events], "B/event",
                              key=f"growth.{events}.bytes"))  # fmt: skip
        lines += _calls(ledgers, rounds)
        lines += _looks(ledgers, rounds)
        small = [ledger for ledger in ledgers if ledger.events <= _COMPACTED_MOST]
        if small:
            lines += _compacted(small[-1])
    return lines


def _calls(ledgers: list[Filled], rounds: int) -> list[Line]:
    """Reserve and settle with one caller. Other sizes are compared with the smallest."""
    cases: dict[str, Callable[[], dict[str, float]]] = {
        str(ledger.events): partial(_pairs, ledger) for ledger in ledgers
    }
    found = alternating(cases, rounds)
    lines = []
    for what in ("reserve_p50", "reserve_p99", "settle_p50", "settle_p99"):
        base = [each[what] for each in next(iter(found.values()), [])]
        for size, took in found.items():
            name = f"{int(size):,} events, {what.replace('_', ' ')}"
            key = f"growth.{size}.{what}"
            lines.append(line(name, [each[what] for each in took], "us", base, "the smallest", key))
    return lines


def _pairs(ledger: Filled) -> dict[str, float]:
    reserving, settling = [], []
    call: dict[str, Any] = {"model": "gemini-2.5-flash", "operation": "translate"}
    with Keeper(ledger.path, ledger.config, "process") as keeper:
        for number in range(_PAIRS + 1):
            start = time.perf_counter()
            made = keeper.reserve("gemini", **call, input_tokens=1200, output_tokens=800)
            between = time.perf_counter()
            made.settle(input_tokens=1180, output_tokens=640)
            if number:  # the first call opens the file
                reserving.append((between - start) * 1e6)
                settling.append((time.perf_counter() - between) * 1e6)
    return {
        "reserve_p50": quantile(reserving, 50), "reserve_p99": quantile(reserving, 99),
        "settle_p50": quantile(settling, 50), "settle_p99": quantile(settling, 99),
    }  # fmt: skip


def _looks(ledgers: list[Filled], rounds: int) -> list[Line]:
    """Read the ledger: from a program that opens it and asks, and from the command line."""
    lines = []
    for what, title, look in (
        ("status", "open and ask for the status", _status),
        ("status_cli", "`status`, the command", _status_command),
        ("report_cli", "`report --by day`", _report_command),
    ):
        cases = {one.events: partial(_milliseconds, look, one) for one in ledgers}
        first = {events: case() for events, case in cases.items()}
        brief = {str(n): case for n, case in cases.items() if first[n] < _TOO_LONG_SECONDS * 1e3}
        found = alternating(brief, rounds)
        for events in cases:
            values = found.get(str(events), [first[events]])
            name = f"{events:,} events, {title}"
            lines.append(line(name, values, "ms", key=f"growth.{events}.{what}"))
    return lines


def _milliseconds(look: Callable[[Filled], object], ledger: Filled) -> float:
    return seconds(partial(look, ledger)) * 1e3


def _status_command(ledger: Filled) -> None:
    _told(ledger, "status", "--json")


def _report_command(ledger: Filled) -> None:
    _told(ledger, "report", "--by", "day", "--json")


def _status(ledger: Filled) -> None:
    with Keeper(ledger.path, ledger.config, "process") as keeper:
        keeper.status()


def _told(ledger: Filled, *command: str) -> str:
    done = subprocess.run(
        ledger.asked(*command), env=child_environment(), capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"quotakeeper {' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _compacted(ledger: Filled) -> list[Line]:
    """Run `compact` on a copy of the ledger, then verify that the balances still match the entries."""
    try:
        _told(ledger, "compact", "--help")
    except RuntimeError:
        say("compact: skipped, quotakeeper does not know it")
        return []
    before, copy = ledger.size, ledger.path.with_name("compacted.ledger")
    shutil.copyfile(ledger.path, copy)
    small = ledger._replace(path=copy)
    try:
        took = seconds(lambda: _told(small, "compact", "--keep", KEEP, "--shrink"))
        _told(small, "verify")
    except RuntimeError as error:
        say(f"compact: failed, {error}")
        return []
    key, name = f"growth.{ledger.events}", f"{ledger.events:,} events"
    after = [small.size / 2**20]
    return [
        line(f"{name}, compact --keep {KEEP} --shrink", [took], "s", key=f"{key}.compact"),
        line("  file before", [before / 2**20], "MiB", key=f"{key}.before"),
        line("  file after, verified", after, "MiB", [before / 2**20], "it", f"{key}.after"),
    ]
