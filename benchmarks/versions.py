"""The versions that the benchmark `costs` compares, and the worker process that measures each.

The version before is read from the repository's history.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.crews import CaseFailedError
from benchmarks.measuring import PYTHON, ROOT, Line, line, say

BEFORE = "6e00c108"  # the last commit before value classes were made without `dataclasses`

Found = dict[str, float]


def sources() -> dict[str, Path]:
    """The package of each version. Without the version before if the history does not have it."""
    found = {"now": ROOT / "src"}
    folder = ROOT / ".cache" / "before" / BEFORE
    if not (folder / "src").exists():
        asked = ["git", "-C", str(ROOT), "archive", "--format=tar", BEFORE, "src"]
        try:
            packed = subprocess.run(asked, check=True, capture_output=True).stdout
        except (OSError, subprocess.CalledProcessError):
            say(f"the version before ({BEFORE}): skipped, this copy of the repository lacks it")
            return found
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
    return found | {"before": folder / "src"}


class Version:
    """A worker process (see costing.py) that measures one version."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.environment = {
            **os.environ, "PYTHONUTF8": "1", "QUOTAKEEPER_BENCH_SOURCE": str(source),
            "PYTHONPATH": os.pathsep.join((str(source), str(ROOT))),
        }  # fmt: skip
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._worker = subprocess.Popen(
            [PYTHON, "-P", str(ROOT / "benchmarks" / "costing.py")], env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def measured(self, case: str) -> Found:
        """The figures of one run. Raises CaseFailedError."""
        assert self._worker.stdin is not None and self._worker.stdout is not None
        self._worker.stdin.write(case + "\n")
        self._worker.stdin.flush()
        told: dict[str, Any] = json.loads(self._worker.stdout.readline() or '{"error": "it ended"}')
        if "error" in told:
            raise CaseFailedError(f"{case}: {told['error']}")
        return told

    def started(self, *words: str) -> float:
        """How long a Python with these arguments runs, in milliseconds."""
        start = time.perf_counter()
        subprocess.run([PYTHON, *words], env=self.environment, capture_output=True, check=True)
        return (time.perf_counter() - start) * 1000

    def close(self) -> None:
        """End the worker. It compares its ledgers with the calls of its server."""
        assert self._worker.stdin is not None
        self._worker.stdin.close()
        if self._worker.wait(60):
            say(f"{self.source}: the ledger differs from the calls that were made")


@contextmanager
def each_version() -> Iterator[dict[str, Version]]:
    found = {name: Version(source) for name, source in sources().items()}
    try:
        yield found
    finally:
        for version in found.values():
            version.close()


def lines_of(title: str, key: str, unit: str, values: Mapping[str, list[float]]) -> list[Line]:
    """A line for each version. The line of this version has its ratio to the version before."""
    before = values.get("before")
    return [
        line(f"{title}, {name}", each, unit, before if name == "now" else None, "before",
             key=f"costs.{key}.{name}")
        for name, each in values.items()
    ]  # fmt: skip
