"""Simulates the whole ledger: one seed gives one run, and one command repeats any failure.

A run has a world of limits and callers (`workload`), a clock that jumps, and a ledger. Most ledgers are
in memory, for speed. Some are SQLite files with several stores, where database statements fail before
or after they ran, and owners die without a message. A caller that gets an error repeats its commands
with the same ids, as the product tells callers to do. Every answer is compared with that of an
independent second ledger, and every limit is checked after each batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from tests.proof import ledgers_under_test
from tests.proof.parts import Part, Report, recorded
from tests.proof.runs import BrokenError, Run

ORDER = 10
WEIGHT = 4
PROMISE = (
    "No hard limit is ever passed. An id counts once, and a reservation ends once. Every balance "
    "follows from the journal, whatever is asked in whatever order, and whatever fails meanwhile "
    "(I1, I2, I4-I12)."
)
PROMISE_VI = (
    "Không hạn mức cứng nào bị vượt. Một id chỉ tính một lần, một lượt giữ chỗ chỉ kết thúc một "
    "lần. Mọi số dư suy ra được từ nhật ký, dù hỏi gì, theo thứ tự nào và hỏng ở đâu (I1, I2, "
    "I4-I12)."
)
STEPS = {"memory": 600, "file": 300}
LONG_ONES = 29  # one run in 29 is five times as long
SHARE_OF_FILES = 24  # one run in 24 is in a file


def run(minutes: float, seed: int, report: Report) -> Part:
    """Run from `seed` on until the time is over. Runs that failed before come first."""
    return simulate(seed, lambda done, spent: done > 0 and spent >= minutes * 60, report)


def simulate(seed: int, enough: Callable[[int, float], bool], report: Report) -> Part:
    """Play runs until `enough(commands, seconds)` is true. Stops at the first run that breaks a promise."""
    began = time.perf_counter()
    found: list[str] = []
    totals: dict[str, int] = {}
    number = commands = 0
    for failed in recorded("simulation"):
        found += one(failed, totals)
    while not found and not enough(totals.get("commands", 0), time.perf_counter() - began):
        found += one(seed + number, totals)
        number += 1
        if totals["commands"] - commands > 200_000:
            commands = totals["commands"]
            report(f"{commands:,} commands in {number:,} runs")
    spent = time.perf_counter() - began
    commands = totals.pop("commands", 0)
    notes = (
        f"{number:,} runs from seed {seed} on; {commands / max(spent, 1e-9):,.0f} commands a second "
        "with both ledgers and all checks",
        ", ".join(f"{name}: {count:,}" for name, count in sorted(totals.items())),
    )
    return Part("simulation", PROMISE, commands, found, seed, round(spent, 1), notes)


def one(seed: int, totals: dict[str, int]) -> list[str]:
    """One run. Returns what it broke, with the command that repeats it."""
    chance = Random(seed)
    kind = "file" if seed % SHARE_OF_FILES == SHARE_OF_FILES - 1 else "memory"
    with ledgers_under_test.opened(kind, chance) as ledger_under_test:
        run = Run(ledger_under_test, chance)
        try:
            run.play(STEPS[kind] * (1 if seed % LONG_ONES else 5))
        except Exception as error:  # noqa: BLE001 - what nobody foresaw is found too
            what = str(error) if isinstance(error, BrokenError) else f"raised {error!r}"
            repeat = f"REPRO: ./dev proof --seed {seed} --only simulation"
            return [f"{what} (step {run.steps} in {kind}; {repeat})"]
        finally:
            for name, count in run.counts.items():
                totals[name] = totals.get(name, 0) + count
            totals[f"commands in {kind}"] = totals.get(f"commands in {kind}", 0) + run.commands
            totals["commands"] = totals.get("commands", 0) + run.commands
    return []
