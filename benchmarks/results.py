"""The figures that are kept: one JSON file, bench by bench, each with its machine and its day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

LATEST = ROOT / "benchmarks" / "results" / "latest.json"
Results = dict[str, dict[str, Any]]


def read(path: Path) -> Results:
    """What is kept; nothing where there is no file yet."""
    if not path.exists():
        return {}
    found: Results = json.loads(path.read_text(encoding="utf-8"))["benches"]
    return found


def write(path: Path, benches: Results) -> None:
    """Keep it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": 1, "benches": benches}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


class Figures:
    """Look-up of lines by their key."""

    def __init__(self, benches: Results) -> None:
        self.benches = benches
        self._lines = {
            each["key"]: each
            for bench in benches.values()
            for each in bench["lines"]
            if each.get("key")
        }

    def line(self, key: str) -> dict[str, Any] | None:
        """The whole line, None when it was not measured."""
        return self._lines.get(key)

    def value(self, key: str) -> float | None:
        """Its figure."""
        found = self._lines.get(key)
        return None if found is None else float(found["value"])

    def ratio(self, key: str) -> float | None:
        """What it is of the line it is held against."""
        found = self._lines.get(key)
        return None if found is None or found["ratio"] is None else float(found["ratio"])

    def sizes(self) -> list[int]:
        """How many events the ledgers of `growth` had."""
        return sorted({int(key.split(".")[1]) for key in self._lines if key.startswith("growth.")})
