"""Measures cases in turn, round after round, and takes the median of each.

All compared cases run one after the other, within a minute and on the same machine. So a ratio between
two cases is reliable, although absolute figures differ by tens of per cent from run to run.
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
# The package that is measured: this checkout's, unless the benchmark `costs` names another.
SOURCE = Path(os.environ.get("QUOTAKEEPER_BENCH_SOURCE", ROOT / "src"))
FEWEST_ROUNDS = 5

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One line of a result: a figure, its spread, and its ratio to the line it is compared with.

    The pages find a line by its `key` ("admission.power.one.rate"). The screen shows its name.
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
        """The line as an object for `--json`."""
        return asdict(self)


def alternating(cases: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run each case once a round. Returns the values of each case, round by round."""
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
    """The median of the values, and of their ratios to another case's values from the same rounds."""
    ratio = None
    if base is not None:
        ratio = median(value / other for value, other in zip(values, base, strict=True))
    return Line(name, median(values), unit, min(values), max(values), ratio, against, key)


def quantile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` per cent of the values do not exceed."""
    if not values:
        raise ValueError("a quantile needs at least one value")
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def seconds(act: Callable[[], object]) -> float:
    """How long a function takes, in seconds."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


notes: list[str] = []
"""What was said since the bench began: kept with its figures."""


def say(text: str) -> None:
    """Print a line at once, and keep it with the figures, for example what was left out and why."""
    notes.append(text)
    print(f"  {text}", flush=True)


def child_environment() -> dict[str, str]:
    """The environment of a child Python that imports the measured package."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}
