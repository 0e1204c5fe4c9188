"""Starters, concurrency models and ways to end: each program runs alone, then under `quotakeeper run`.

`python -m tests.matrix.hosts` runs all and writes docs/{en,vi}/evidence/hosts.md. A cell is right under two
conditions. The output and the exit code are those of the run alone. The ledger equals the bill to the last
unit, with every call as reported.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from quotakeeper.sandbox import Sandbox
from tests.matrix import servers
from tests.matrix.environments import ROOT, prepare, version
from tests.matrix.outcomes import Outcome, environment, outcome_of, under_run

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


def cells() -> list[Cell]:
    """Every way to call, and every starter, with every way to end."""
    rows = [(STARTERS[0], way) for way in WAYS] + [(each, "threads") for each in STARTERS[1:]]
    return [Cell(starter, way, end) for starter, way in rows for end in ENDS]


def problem_of(cell: Cell) -> str:
    """What is wrong with a cell; "" if nothing is."""
    bare, run = _played(cell, metered=False), _played(cell, metered=True)
    return run.problem(bare, 5 if cell.end == "call at exit" else 4)


def _played(cell: Cell, *, metered: bool) -> Outcome:
    python = str(python_of(cell))
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        command = _command(cell, python, folder, sandbox.base_url)
        ran = subprocess.run(
            under_run(command) if metered else command, cwd=folder, env=environment(folder),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            check=False, timeout=_SECONDS,
        )  # fmt: skip
        return outcome_of(folder, sandbox, ran.returncode, ran.stdout)


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


def page(
    language: str, problems: Mapping[Cell, str], of_servers: Mapping[servers.Cell, str]
) -> str:
    """A page of docs. Its template is hosts.en.md or hosts.vi.md."""
    head = {"en": "started by | calls", "vi": "khởi động bằng | gọi"}[language]
    table = _table(language, head, ENDS, {
        f"`{starter}` | {way}": [problems[Cell(starter, way, end)] for end in ENDS]
        for starter, way in dict.fromkeys((cell.starter, cell.way) for cell in problems)
    })  # fmt: skip
    table_of_servers = _table(language, "worker", servers.ENDS, {
        f"`{kind}`": [of_servers[servers.Cell(kind, end)] for end in servers.ENDS]
        for kind in servers.WORKERS
    })  # fmt: skip
    frame = (HERE / f"hosts.{language}.md").read_text(encoding="utf-8")
    versions = ", ".join(f"{name} {version('green', name)}" for name in (*GREEN, "gunicorn"))
    versions += (
        f", opentelemetry-instrumentation {version('otel', 'opentelemetry-instrumentation')}"
    )
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        frame.replace("{table}", table).replace("{servers}", table_of_servers)
        .replace("{versions}", versions).replace("{python}", python)
        .replace("{count}", str(len(problems))).replace("{count_of_servers}", str(len(of_servers)))
    )  # fmt: skip


def _table(language: str, head: str, ends: Sequence[str], rows: Mapping[str, list[str]]) -> str:
    wrong = {"en": "WRONG", "vi": "SAI"}[language]
    lines = [f"| {head} | {' | '.join(f'`{end}`' for end in ends)} |"]
    lines.append("|---" * (lines[0].count("|") - 1) + "|")
    for row, problems in rows.items():
        lines.append(f"| {row} | {' | '.join(wrong if each else '=' for each in problems)} |")
    return "\n".join(lines)


def _told(cell: Sequence[str], problem: str) -> str:
    if problem:
        print(f"{' / '.join(cell)}: {problem}", flush=True)
    return problem


def main(arguments: Sequence[str] = ()) -> int:
    """Run every cell and write the pages. Returns 1 if a cell is wrong."""
    problems = {cell: _told(cell, problem_of(cell)) for cell in cells()}
    of_servers = {cell: _told(cell, servers.problem_of(cell)) for cell in servers.cells()}
    wrong = sum(map(bool, (*problems.values(), *of_servers.values())))
    print(f"{len(problems)} programs, {len(of_servers)} servers, {wrong} wrong")
    if "--no-write" not in arguments:
        for language in ("en", "vi"):
            path = ROOT / "docs" / language / "evidence" / "hosts.md"
            path.write_text(page(language, problems, of_servers), encoding="utf-8", newline="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
