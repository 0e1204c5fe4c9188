"""Starters, concurrency models and ways to end: each program runs alone, then under `quotakeeper run`.

`python -m tests.matrix.hosts` runs all and writes docs/{en,vi}/evidence/hosts.md. A cell is right under two
conditions. The output and the exit code are those of the run alone. The ledger equals the bill to the last
unit, with every call as reported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox
from tests.matrix.environments import ROOT, prepare, version

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "drivers" / "host.py"
GREEN = ("gevent", "eventlet")
WAYS = (
    "sequential", "threads", "daemon threads", "asyncio", "pool, fork", "pool, spawn",
    "pool, forkserver", "ProcessPoolExecutor", *GREEN,
)  # fmt: skip
ENDS = (
    "return", "sys.exit(3)", "exception", "call at exit", "SIGTERM", "SIGINT", "os._exit(4)",
    "os.execv",
)  # fmt: skip
STARTERS = ("python FILE", "python -m NAME", "#! script", "sh -c", "opentelemetry-instrument")
# Starters from a package -> the environment that has the package.
PACKAGED = {"opentelemetry-instrument": "otel"}
_SECONDS = 120


class Cell(NamedTuple):
    """One program: how it is started, how it calls, how it ends."""

    starter: str
    way: str
    end: str


class Outcome(NamedTuple):
    """The result of a program, alone or under `run`."""

    code: int
    out: str
    bill: dict[str, int]
    ledger: dict[str, int]
    provenance: frozenset[str]


def cells() -> list[Cell]:
    """Every way to call, and every starter, with every way to end."""
    rows = [(STARTERS[0], way) for way in WAYS] + [(each, "threads") for each in STARTERS[1:]]
    return [Cell(starter, way, end) for starter, way in rows for end in ENDS]


def problem_of(cell: Cell) -> str:
    """What is wrong with a cell; "" if nothing is."""
    bare, run = _played(cell, under_run=False), _played(cell, under_run=True)
    calls = 5 if cell.end == "call at exit" else 4
    if bare.bill.get("requests") != calls:
        return f"alone it made {bare.bill.get('requests')} calls: {bare.out[-300:]}"
    if (run.code, run.out) != (bare.code, bare.out):
        return (
            f"exit {run.code} for {bare.code}, printed {run.out[-200:]!r} for {bare.out[-200:]!r}"
        )
    if run.ledger != run.bill or run.bill != bare.bill:
        return f"bill {run.bill}, ledger {run.ledger}"
    return "" if run.provenance == {"reported"} else f"booked as {sorted(run.provenance)}"


def _played(cell: Cell, *, under_run: bool) -> Outcome:
    python = str(python_of(cell))
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        command = _command(cell, python, folder, sandbox.base_url)
        if under_run:
            command = [
                sys.executable,
                "-m",
                "quotakeeper",
                "run",
                "--summary",
                "off",
                "--",
                *command,
            ]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")},
            "PYTHONPATH": str(ROOT / "src"), "QUOTAKEEPER_LEDGER": str(folder / "ledger.db"),
            "QUOTAKEEPER_TIMEZONE": "UTC", "QUOTAKEEPER_DURABILITY": "process",
        }  # fmt: skip
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8", check=False, timeout=_SECONDS,
        )  # fmt: skip
        with Keeper(folder / "ledger.db", {"default_limits": False}) as keeper:
            events = list(keeper.events())
        ledger: dict[str, int] = {}
        for event in events:
            for key, amount in event.quantities.items():
                ledger[key] = ledger.get(key, 0) + amount
        bill = sandbox.bill.totals().get("gemini", {})
        seen = frozenset(str(event.provenance) for event in events)
        return Outcome(ran.returncode, ran.stdout, dict(bill), ledger, seen)


def python_of(cell: Cell) -> Path:
    """The Python that runs a cell. Raises UnavailableError if its environment cannot be made."""
    environment = "green" if cell.way in GREEN else PACKAGED.get(cell.starter)
    return Path(sys.executable) if environment is None else prepare(environment)


def _command(cell: Cell, python: str, folder: Path, address: str) -> list[str]:
    more = [cell.way, cell.end, address]
    text = PROGRAM.read_text(encoding="utf-8")
    script = folder / "host.py"
    script.write_text(f"#!{python}\n{text}", encoding="utf-8")
    script.chmod(0o755)
    quoted = " ".join(f"'{each}'" for each in [python, str(script), *more])
    return {
        "python FILE": [python, str(script), *more],
        "python -m NAME": [python, "-m", "host", *more],
        "#! script": [str(script), *more],
        "sh -c": ["sh", "-c", f"{quoted}; exit $?"],
        "opentelemetry-instrument": [
            str(Path(python).with_name("opentelemetry-instrument")),
            python,
            str(script),
            *more,
        ],
    }[cell.starter]


def page(language: str, problems: dict[Cell, str]) -> str:
    """A page of docs. Its template is hosts.en.md or hosts.vi.md."""
    wrong, head = {"en": ("WRONG", "started by | calls"), "vi": ("SAI", "khởi động bằng | gọi"),
                   }[language]  # fmt: skip
    rows = dict.fromkeys((cell.starter, cell.way) for cell in problems)
    lines = [
        f"| {head} | {' | '.join(f'`{end}`' for end in ENDS)} |",
        "|---" * (len(ENDS) + 2) + "|",
    ]
    for starter, way in rows:
        marks = [wrong if problems[Cell(starter, way, end)] else "=" for end in ENDS]
        lines.append(f"| `{starter}` | {way} | {' | '.join(marks)} |")
    frame = (HERE / f"hosts.{language}.md").read_text(encoding="utf-8")
    versions = ", ".join(f"{name} {version('green', name)}" for name in GREEN)
    versions += (
        f", opentelemetry-instrumentation {version('otel', 'opentelemetry-instrumentation')}"
    )
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        frame.replace("{table}", "\n".join(lines)).replace("{versions}", versions)
        .replace("{python}", python).replace("{count}", str(len(problems)))
    )  # fmt: skip


def main(arguments: Sequence[str] = ()) -> int:
    """Run every cell and write the pages. Returns 1 if a cell is wrong."""
    problems: dict[Cell, str] = {}
    for cell in cells():
        problems[cell] = problem_of(cell)
        if problems[cell]:
            print(f"{' / '.join(cell)}: {problems[cell]}", flush=True)
    wrong = sum(map(bool, problems.values()))
    print(f"{len(problems)} programs, {wrong} wrong")
    if "--no-write" not in arguments:
        for language in ("en", "vi"):
            path = ROOT / "docs" / language / "evidence" / "hosts.md"
            path.write_text(page(language, problems), encoding="utf-8", newline="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
