"""Compares measured coverage with its minimum: lines and branches together, over all files of a pattern."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from tools.layout import FLOORS

_SHOWN = 20  # how many files with gaps are listed under a minimum


class LimitRoom(NamedTuple):
    """The coverage of one pattern: covered items, all items, and the files with gaps."""

    pattern: str
    floor: float
    percent: float
    gaps: list[str]

    @property
    def holds(self) -> bool:
        return self.percent >= self.floor


def standings(files: Mapping[str, Any], floors: Mapping[str, float]) -> list[LimitRoom]:
    """Compare the `files` of a coverage JSON report with each minimum.

    A pattern without files has 0 %.
    """
    return [_standing(files, pattern, floor) for pattern, floor in floors.items()]


def report(root: Path, python: str, data: Path) -> int:
    """Combine the coverage data of all processes and print each minimum. Returns 1 if one is missed."""
    command = [python, "-m", "coverage"]
    written = data.with_name("coverage.json")
    written.unlink(missing_ok=True)
    for verb in (
        ["combine", "-q", "--data-file", str(data), str(data.parent)],
        ["json", "-q", "--data-file", str(data), "-o", str(written)],
    ):
        ran = subprocess.run([*command, *verb], cwd=root, stdin=subprocess.DEVNULL, check=False)
        if ran.returncode:
            print(f"dev: coverage {verb[0]} failed", file=sys.stderr)
            return 1
    files = json.loads(written.read_text(encoding="utf-8"))["files"]
    found = standings({name.replace("\\", "/"): told for name, told in files.items()}, FLOORS)
    for each in found:
        word = "ok  " if each.holds else "FAIL"
        print(f"{word} coverage {each.percent:6.2f} % (floor {each.floor:g}) {each.pattern}")
        if not each.holds:
            print("".join(f"     {gap}\n" for gap in each.gaps[:_SHOWN]), end="")
    return 0 if all(each.holds for each in found) else 1


def _standing(files: Mapping[str, Any], pattern: str, floor: float) -> LimitRoom:
    chosen = {name: told for name, told in files.items() if fnmatch(name, pattern)}
    totals = [told["summary"] for told in chosen.values()]
    possible = sum(each["num_statements"] + each["num_branches"] for each in totals)
    covered = sum(each["covered_lines"] + each["covered_branches"] for each in totals)
    gaps = [
        f"{name}: lines {told['missing_lines']}, branches {told['missing_branches']}"
        for name, told in sorted(chosen.items(), key=lambda item: _missing(item[1]), reverse=True)
        if _missing(told)
    ]
    return LimitRoom(pattern, floor, 100 * covered / possible if possible else 0.0, gaps)


def _missing(told: Mapping[str, Any]) -> int:
    return len(told["missing_lines"]) + len(told["missing_branches"])
