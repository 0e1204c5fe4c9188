"""Runs a part in a process of its own, with one thread: it forks children and traces them."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proof.parts import Part, as_json, from_json

ROOT = Path(__file__).resolve().parents[2]
_MEMORY = Path("/dev/shm")
_MARK = "part: "


def apart(module: str, minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """The part that `module.alone` makes, in a process of its own."""
    command = [sys.executable, "-m", "tests.proof.apart", module, str(minutes), str(seed)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    part: Part | None = None
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith(_MARK):
                part = from_json(line.removeprefix(_MARK))
            else:
                report(line.rstrip())
    if part is None:
        raise RuntimeError(f"{' '.join(command)}: ended with {child.returncode} and no result")
    return part


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one case, in memory where that is possible."""
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    folder, maker = Path(tempfile.mkdtemp(prefix="quotakeeper-proof-", dir=base)), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == maker:  # a forked child that falls off its end comes by here too
            shutil.rmtree(folder, ignore_errors=True)


def _why_not(needs: str) -> str:
    """Why a part cannot be run here."""
    if needs == "tracing":
        from tests.proof.tracer import why_not  # not to be imported where there is no such library

        return why_not()
    return "" if needs != "fork" or hasattr(os, "fork") else "this system does not fork"


def main(module: str, minutes: str, seed: str) -> None:
    """In the process of its own."""
    logging.disable()  # what befalls a ledger here is meant to
    made = importlib.import_module(module)
    if reason := _why_not(getattr(made, "NEEDS", "")):
        name = getattr(made, "NAME", module)
        part = Part(
            name, getattr(made, "PROMISE", ""), 0, [], int(seed), 0.0, (f"skipped: {reason}",)
        )
    else:
        part = made.alone(float(minutes), int(seed), lambda line: print(line, flush=True))
    print(_MARK + as_json(part), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
