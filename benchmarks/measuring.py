"""How everything here is measured: cases in turn, round after round, and the median of each.

Cases that are compared run within the same minute on the same machine, one after the other, so a
ratio means something where an absolute figure moves by tens of per cent from run to run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
FEWEST_ROUNDS = 5

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One line of a result: a figure, its spread, and what it is of the line it is held against.

    `key` is what the pages find it by ("admission.power.one.rate"); the name is for the screen.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    ratio: float | None = None
    against: str = ""
    key: str = ""

    def __str__(self) -> str:
        figure = f"{self.value:>12,.1f} {self.unit:<9}({self.low:,.1f} to {self.high:,.1f})"
        ratio = f"  {self.ratio:.2f}x {self.against}" if self.ratio is not None else ""
        return f"  {self.name:<44}{figure}{ratio}"

    def as_json(self) -> dict[str, object]:
        """For --json."""
        return asdict(self)


def alternating(cases: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run each case once a round; what each one gave, round by round."""
    found: dict[str, list[T]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            found[name].append(case())
    return found


def line(
    name: str,
    values: Sequence[float],
    unit: str,
    base: Sequence[float] | None = None,
    against: str = "",
    key: str = "",
) -> Line:
    """The median of some values, and of the ratios to another case's of the same rounds."""
    ratio = None
    if base is not None:
        ratio = median(value / other for value, other in zip(values, base, strict=True))
    return Line(name, median(values), unit, min(values), max(values), ratio, against, key)


def quantile(values: Sequence[float], percent: int) -> float:
    """The smallest of the values that at least so many per cent of them do not pass."""
    if not values:
        raise ValueError("a quantile of nothing")
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


notes: list[str] = []
"""What was said since the bench began: kept with its figures."""


def say(text: str) -> None:
    """A line on the screen at once, and a note with the figures: what was left out, and why."""
    notes.append(text)
    print(f"  {text}", flush=True)


def child_environment() -> dict[str, str]:
    """For a child Python that finds the package in this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
