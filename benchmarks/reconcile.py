"""Benchmark of reading a large export: seconds for its rows, and the peak memory.

Each process compares an export with an empty ledger: a small export, then one ten times as large. If
memory grows with the number of rows, the second ratio shows it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks.measuring import PYTHON, Line, child_environment, line, seconds

_ROWS = 100_000
_SKU = "Generate content input token count gemini 2.5 flash text"
_PROGRAM = (
    "import resource, sys\n"
    "from quotakeeper.__main__ import main\n"
    "main(sys.argv[1:])\n"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
)


def _bill(path: Path, rows: int) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write("Usage start date,SKU description,Usage amount,Usage unit,Unrounded Cost ($)\n")
        file.writelines(
            f'2026-11-{row % 28 + 1:02},{_SKU},"1,000",count,0.0003\n' for row in range(rows)
        )


def _requests(path: Path, rows: int) -> None:
    details = {"usd": 0.0043, "duration": 60.0, "method": "sync"}
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"page": 0, "requests": [\n')
        for row in range(rows):
            record = {
                "request_id": f"{row:032x}", "created": f"2026-11-{row % 28 + 1:02}T12:00:00.000Z",
                "path": "/v1/listen?model=nova-3", "code": 200, "response": {"details": details},
            }  # fmt: skip
            file.write((",\n" if row else "") + json.dumps(record))
        file.write("]}\n")


def _case(provider: str, export: Path, ledger: Path) -> tuple[float, float]:
    """Seconds and megabytes of one comparison."""
    command = [PYTHON, "-c", _PROGRAM, "--ledger", str(ledger), "reconcile", provider, "--file"]
    peak = 0.0

    def compare() -> None:
        nonlocal peak
        done = subprocess.run(
            [*command, str(export)], env=child_environment(), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        peak = int(done.stderr.split()[-1]) / 1024

    return seconds(compare), peak


def run() -> list[Line]:
    """Measure both kinds of export, small and large."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for provider, write in (("gemini", _bill), ("deepgram", _requests)):
            base: tuple[float, float] | None = None
            for rows in (_ROWS, 10 * _ROWS):
                export = folder / f"{provider}-{rows}"
                write(export, rows)
                took, peak = _case(provider, export, folder / "ledger.db")
                export.unlink()
                base = base or (took, peak)
                against = f"{_ROWS:,} rows" if rows != _ROWS else ""
                for value, first, unit in ((took, base[0], "s"), (peak, base[1], "MB")):
                    held = [first] if against else None
                    lines.append(line(f"{provider}, {rows:,} rows", [value], unit, held, against))
    return lines
