"""How everything here is measured: cases in turn, round after round, and the median of each.

Cases that are compared run within the same minute on the same machine, one after the other, so a
ratio means something where an absolute figure moves by tens of per cent from run to run.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One line of a result: a figure, its spread, and what it is of the line it is held against."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    ratio: float | None = None
    against: str = ""

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
    values: list[float],
    unit: str,
    base: list[float] | None = None,
    against: str = "",
) -> Line:
    """The median of some values, and of the ratios to another case's of the same rounds."""
    ratio = None
    if base is not None:
        ratio = median(value / other for value, other in zip(values, base, strict=True))
    return Line(name, median(values), unit, min(values), max(values), ratio, against)


def quantile(values: list[float], percent: int) -> float:
    """The value that so many per cent of them do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def machine() -> dict[str, object]:
    """What the figures were measured on, nothing that names the machine."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def child_environment() -> dict[str, str]:
    """For a child Python that finds the package in this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


PYTHON = sys.executable
