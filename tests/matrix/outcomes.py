"""What became of a program of the matrix of hosts, alone or under `quotakeeper run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox
from tests.matrix.environments import ROOT


class Outcome(NamedTuple):
    """The result of a program, alone or under `run`."""

    code: int
    out: str
    bill: dict[str, int]
    ledger: dict[str, int]
    provenance: frozenset[str]

    def problem(self, bare: Outcome, calls: int) -> str:
        """What is wrong with this run, compared with the program alone; "" if nothing is."""
        if bare.bill.get("requests") != calls:
            return f"alone it made {bare.bill.get('requests')} calls: {bare.out[-300:]}"
        if (self.code, self.out) != (bare.code, bare.out):
            return (
                f"exit {self.code} for {bare.code}, printed {self.out[-200:]!r} for "
                f"{bare.out[-200:]!r}"
            )
        if self.ledger != self.bill or self.bill != bare.bill:
            return f"bill {self.bill}, ledger {self.ledger}"
        return "" if self.provenance == {"reported"} else f"booked as {sorted(self.provenance)}"


def under_run(command: Sequence[str]) -> list[str]:
    """A command, started by `quotakeeper run`."""
    return [sys.executable, "-m", "quotakeeper", "run", "--summary", "off", "--", *command]


def environment(folder: Path) -> dict[str, str]:
    """The variables of a program whose ledger is in this folder."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")},
        "PYTHONPATH": str(ROOT / "src"), "QUOTAKEEPER_LEDGER": str(folder / "ledger.db"),
        "QUOTAKEEPER_TIMEZONE": "UTC", "QUOTAKEEPER_DURABILITY": "process",
    }  # fmt: skip


def outcome_of(folder: Path, sandbox: Sandbox, code: int, out: str) -> Outcome:
    """The outcome of a program that has ended with this code and this output."""
    with Keeper(folder / "ledger.db", {"default_limits": False}) as keeper:
        events = list(keeper.events())
    ledger: dict[str, int] = {}
    for event in events:
        for key, amount in event.quantities.items():
            ledger[key] = ledger.get(key, 0) + amount
    bill = sandbox.bill.totals().get("gemini", {})
    return Outcome(code, out, dict(bill), ledger, frozenset(str(e.provenance) for e in events))
