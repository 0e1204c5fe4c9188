"""Runs a part in a process with one thread, because the part forks children and traces them."""

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
    """Run `module.alone` in a new process. Returns the part that it made."""
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
    """A folder for one case, in memory if possible."""
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    folder, maker = Path(tempfile.mkdtemp(prefix="quotakeeper-proof-", dir=base)), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == maker:  # a forked child that exits gets here too
            shutil.rmtree(folder, ignore_errors=True)


def _why_not(needs: str) -> str:
    """The reason why a part cannot run here; "" if it can."""
    if needs == "tracing":
        from tests.proof.tracer import why_not  # cannot be imported on other systems

        return why_not()
    return "" if needs != "fork" or hasattr(os, "fork") else "this system does not fork"


def main(module: str, minutes: str, seed: str) -> None:
    """The main function of the new process."""
    logging.disable()  # the faults here are intended
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
