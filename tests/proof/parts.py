"""The parts of the proof: what each promises, and what a run of it found.

A part is a module of this folder with a function

    def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part

The function works for about `minutes`, takes all randomness from `seed`, prints its progress with
`report`, and returns what it found. A module may also have:
- `PROMISE_VI`: the promise in Vietnamese, for the page
- `WEIGHT`: its share of the time, 1 by default
- `ORDER`: its place on the page, 50 by default

A new module is not registered anywhere: `names` finds it.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parent
Report = Callable[[str], None]
_IS_PART = re.compile(r"^def run\(\s*minutes: float,\s*seed: int,", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of the proof found.

    `promise` is one line. `cases` is how often it was tested. `found` has one text for each time it was
    broken, with the command that repeats it. `notes` are lines for the page (figures, what was
    skipped). `rows` are the rows of a table for the page; its head is in the module.
    """

    name: str
    promise: str
    cases: int
    found: list[str] = field(default_factory=list)
    seed: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    rows: tuple[tuple[str | int, ...], ...] = ()


def names() -> list[str]:
    """The names of all parts, in the order of the page. No part is run."""
    found = [
        path.stem
        for path in sorted(FOLDER.glob("*.py"))
        if path.stem != "parts" and _IS_PART.search(path.read_text(encoding="utf-8"))
    ]
    return sorted(found, key=lambda name: (_number(name, "ORDER", 50), name))


def weight(name: str) -> float:
    """A part's share of the time."""
    return _number(name, "WEIGHT", 1)


def load(name: str) -> ModuleType:
    """The module of a part."""
    return importlib.import_module(f"tests.proof.{name}")


def as_json(part: Part) -> str:
    """A part as one line of JSON."""
    return json.dumps(asdict(part), ensure_ascii=False)


def from_json(text: str) -> Part:
    """A part from its line of JSON."""
    given: dict[str, Any] = json.loads(text)
    rows = tuple(tuple(row) for row in given.get("rows", ()))
    return Part(**{**given, "notes": tuple(given["notes"]), "rows": rows})


def recorded(name: str) -> list[int]:
    """The seeds with which a part once failed (`seeds.txt`). Each run starts with them."""
    lines = (FOLDER / "seeds.txt").read_text(encoding="utf-8").splitlines()
    words = [line.partition("#")[0].split() for line in lines]
    return [int(each[1]) for each in words if each and each[0] == name]


def _number(name: str, what: str, otherwise: float) -> float:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    found = re.search(rf"^{what} = ([\d.]+)", text, re.MULTILINE)
    return float(found[1]) if found else otherwise
