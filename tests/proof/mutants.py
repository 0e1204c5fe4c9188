"""Mutation tests: each seeded fault in a copy of the source must make a test fail.

A fault that no test notices is a gap in the tests. The part reports it as found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proof.ledgers_under_test import MEMORY
from tests.proof.mutant_rows import ROWS, Mutant
from tests.proof.parts import Part, Report

ORDER = 90
WEIGHT = 4
PROMISE = (
    "Each of these faults, put into a copy of the product one at a time, turns a quick test red"
)
PROMISE_VI = (
    "Mỗi lỗi cố ý này, lần lượt đưa vào một bản sao của sản phẩm, đều làm một bài thử nhanh đỏ"
)
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "quotakeeper"
MOST_SECONDS = 120
MINUTES_WITH_CONTROLS = 8
_NO_END = 124
# Runs the simulation until it finds something. A fault that survives this many commands is
# unnoticed.
_SIMULATE = """
import sys, quotakeeper
from tests.proof import simulation
assert quotakeeper.__file__.startswith(sys.argv[1]), quotakeeper.__file__
found, seed, totals = [], int(sys.argv[4]), {}
while not found and totals.get("commands", 0) < int(sys.argv[3]):
    if (seed % simulation.SHARE_OF_FILES == simulation.SHARE_OF_FILES - 1) == (sys.argv[2] == "file"):
        found = simulation.one(seed, totals)
    seed += 1
print(*found)
sys.exit(bool(found))
"""
_COMMANDS = {"memory": 60_000, "file": 20_000}


def run(minutes: float, seed: int, report: Report) -> Part:
    """Test every seeded fault, however long it takes. With few minutes, test as many as fit."""
    began = time.perf_counter()
    # The catchers pass in every test run. If there is time, they are checked again here.
    red = controls(ROWS, seed) if minutes >= MINUTES_WITH_CONTROLS else []
    sound = [f"{catcher} is red without any fault: {why}" for catcher, why in red]

    def over() -> bool:
        return minutes > 0 and time.perf_counter() - began > 60 * minutes

    first = seed % len(ROWS)  # with little time, start at another fault each time
    part = hunt((*ROWS[first:], *ROWS[:first]), seed, over, report)
    spent = round(time.perf_counter() - began, 1)
    return replace(part, found=[*sound, *part.found], seconds=spent)


def controls(rows: Sequence[Mutant], seed: int) -> list[tuple[str, str]]:
    """The catchers that fail without any fault, and why: such a catcher proves nothing."""
    catchers = sorted({row.catcher for row in rows})
    source = PACKAGE.parent
    with ThreadPoolExecutor(max_workers=_workers()) as pool:
        ran = list(pool.map(lambda each: _ran(_command(each, source, seed), source), catchers))
    return [(catcher, text) for catcher, (code, text) in zip(catchers, ran, strict=True) if code]


def hunt(rows: Sequence[Mutant], seed: int, over: Callable[[], bool], report: Report) -> Part:
    """Insert one fault after the other until the time is over. Returns the faults that nobody noticed."""
    began = time.perf_counter()
    survivors, tried = [], 0

    def one(row: Mutant) -> tuple[Mutant, str | None]:
        return row, None if over() else survives(row, seed)

    with ThreadPoolExecutor(max_workers=_workers()) as pool:
        for row, how in pool.map(one, rows):
            if how is None:
                continue
            tried += 1
            if how:
                survivors.append(f"{row.file}: {row.old!r} -> {row.new!r} lives: {how}")
                report(survivors[-1])
            elif tried % 10 == 0:
                report(f"{tried} faults seen")
    notes = [f"{tried} of {len(rows)} faults put in, {tried - len(survivors)} noticed"]
    if tried < len(rows):
        notes.append("there was no time for the others: give more --minutes")
    spent = round(time.perf_counter() - began, 1)
    return Part("mutants", PROMISE, tried, survivors, seed, spent, tuple(notes))


def survives(row: Mutant, seed: int = 1) -> str:
    """Why a fault was not noticed; "" if it was."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        source = Path(folder) / "src"
        shutil.copytree(
            PACKAGE, source / "quotakeeper", ignore=shutil.ignore_patterns("__pycache__")
        )
        file = source / "quotakeeper" / row.file
        text = file.read_text(encoding="utf-8")
        if text.count(row.old) != 1:
            return f"the old text occurs {text.count(row.old)} times"
        file.write_text(text.replace(row.old, row.new), encoding="utf-8")
        if file.suffix == ".py":
            compile(file.read_text(encoding="utf-8"), str(file), "exec")
        return _green(_command(row.catcher, source, seed), source)


def _command(catcher: str, source: Path, seed: int) -> list[str]:
    if catcher in _COMMANDS:
        commands = str(_COMMANDS[catcher])
        return [sys.executable, "-c", _SIMULATE, str(source), catcher, commands, str(1_000 * seed)]
    return [
        sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider",
        "-o", f"pythonpath={source} run .", *_words(catcher),
    ]  # fmt: skip


def _words(catcher: str) -> list[str]:
    before, found, wanted = catcher.partition(" -k ")
    return [*before.split(), *(("-k", wanted) if found else ())]


def _green(command: list[str], source: Path) -> str:
    code, text = _ran(command, source)
    # A fault may cause an endless loop. The timeout notices it too.
    if code in (1, _NO_END):
        return ""
    return "all was green" if code == 0 else f"exit {code}: {text}"


def _ran(command: list[str], source: Path) -> tuple[int, str]:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{source}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=MOST_SECONDS, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _NO_END, f"no end within {MOST_SECONDS} s"
    return ran.returncode, (ran.stderr or ran.stdout)[-300:]


def _workers() -> int:
    # Beside the other parts of `./dev proof`, this part has one processor.
    return int(os.environ.get("QUOTAKEEPER_PROOF_WORKERS") or os.cpu_count() or 1)
