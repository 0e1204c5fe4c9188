"""The stored figures: one JSON file with the lines, the machine and the day of each benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

LATEST = ROOT / "benchmarks" / "results" / "latest.json"
Results = dict[str, dict[str, Any]]


def read(path: Path) -> Results:
    """Read the stored figures; empty if there is no file."""
    if not path.exists():
        return {}
    found: Results = json.loads(path.read_text(encoding="utf-8"))["benches"]
    return found


def write(path: Path, benches: Results) -> None:
    """Write the stored figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": 1, "benches": benches}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


class Figures:
    """Finds lines by their key."""

    def __init__(self, benches: Results) -> None:
        self.benches = benches
        self._lines = {
            each["key"]: each
            for bench in benches.values()
            for each in bench["lines"]
            if each.get("key")
        }

    def line(self, key: str) -> dict[str, Any] | None:
        """The line; None if it was not measured."""
        return self._lines.get(key)

    def value(self, key: str) -> float | None:
        """The figure of the line."""
        found = self._lines.get(key)
        return None if found is None else float(found["value"])

    def ratio(self, key: str) -> float | None:
        """The line's ratio to the line it is compared with."""
        found = self._lines.get(key)
        return None if found is None or found["ratio"] is None else float(found["ratio"])

    def sizes(self) -> list[int]:
        """How many events the ledgers of the `growth` benchmark had."""
        return sorted({int(key.split(".")[1]) for key in self._lines if key.startswith("growth.")})
