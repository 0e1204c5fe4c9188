"""The cases that are programs under `quotakeeper run`: compares the provider's bill with the ledger.

The programs call the cases' fake provider, which writes a bill. `scripts.cases` runs these functions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from quotakeeper import Keeper
from tests.matrix.environments import prepare

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "cases"
PORT = 18471  # the programs of the cases contain this port
_SECONDS = 90
_GREEN = ("late_gevent.py", "eventlet_first_line.py")


class Ran(NamedTuple):
    """How a program ended under `run`, the calls on the bill, and the calls in the ledger."""

    code: int
    out: str
    err: str
    billed: int
    booked: int
    assumed: int

    @property
    def is_right(self) -> bool:
        """Whether the program succeeded and every billed call is in the ledger as reported."""
        return self.code == 0 and self.billed == self.booked > 0 and self.assumed == 0

    def __str__(self) -> str:
        said = self.out.strip().replace("\n", " | ")[-80:]
        return (
            f"exit {self.code}, billed {self.billed}, in the ledger {self.booked}, of these assumed "
            f"{self.assumed}; it printed: {said}"
        )


@contextmanager
def provider(bill: Path) -> Iterator[None]:
    """Run the cases' fake provider until the block ends."""
    stub = subprocess.Popen(
        [sys.executable, str(CASES / "stub_provider.py"), str(PORT), str(bill)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                HTTPConnection("127.0.0.1", PORT, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        stub.kill()
        stub.wait()


def under_run(program: Path, *arguments: str, python: str = sys.executable, options: Sequence[str] = ()
              ) -> Ran:  # fmt: skip
    """Run a program of the cases with the fake provider and a new ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger, bill = folder / "ledger.db", folder / "bill.txt"
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore",
            "QUOTAKEEPER_LEDGER": str(ledger), "QUOTAKEEPER_TIMEZONE": "UTC",
        }  # fmt: skip
        line = [sys.executable, "-m", "quotakeeper", "run", *options, "--", python, str(program)]
        with provider(bill):
            try:
                ran = subprocess.run(
                    [*line, *arguments], env=environment, cwd=folder, capture_output=True, text=True,
                    check=False, timeout=_SECONDS,
                )  # fmt: skip
                code, out, err = ran.returncode, ran.stdout, ran.stderr
            except subprocess.TimeoutExpired:
                code, out, err = -1, f"hung: stopped after {_SECONDS} s", ""
        billed = bill.read_text(encoding="utf-8").splitlines() if bill.exists() else []
        with Keeper(ledger, {"default_limits": False}) as keeper:
            events = list(keeper.events())
        assumed = sum(event.provenance == "assumed" for event in events)
        assert all(json.loads(line) for line in billed)
        return Ran(code, out, err, len(billed), len(events), assumed)


def at_exit(folder: Path) -> tuple[bool, str]:
    """A program makes a call in an exit handler."""
    ran = under_run(folder / "exit_402.py")
    return ran.is_right and ran.billed == 2, str(ran)


def ended_right_after(folder: Path) -> tuple[bool, str]:
    """Processes make 80 calls and end right after them."""
    ran = under_run(folder / "pool.py")
    return ran.is_right and ran.billed == 80, str(ran)


def signal_while_loading(folder: Path) -> tuple[bool, str]:
    """A signal handler makes a call while the first call loads the meter, at nine different moments."""
    wrong = None
    for hundredth in range(2, 11):
        ran = under_run(folder / "sig_hang.py", f"0.{hundredth:02}")
        if not (ran.is_right and ran.billed == 2 and ran.out == "ok 1\n"):
            wrong = ran
    return wrong is None, "ok 1, billed 2, in the ledger 2, each time" if wrong is None else str(
        wrong
    )


def signal_with_leases(folder: Path) -> tuple[bool, str]:
    """A signal handler uses the keeper while the main thread uses it."""
    said = []
    for lease in ("auto", "400"):
        for verb in ("reserve", "record", "status"):
            ran = subprocess.run(
                [sys.executable, str(folder / "sig_keeper.py"), lease, "2", verb], check=False,
                env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True,
                timeout=_SECONDS,
            )  # fmt: skip
            said.append(ran.stdout.strip() or ran.stderr[-200:])
    right = all("{} verify []" in line for line in said)
    return right, "; ".join(said)


def subinterpreter(folder: Path) -> tuple[bool, str]:
    """A program makes a call in a sub-interpreter: the only call, or after a call outside."""
    alone, both = (under_run(folder / "call_inside.py", *more) for more in ((), ("--both",)))
    return alone.is_right and both.is_right and both.billed == 2, f"{alone}; {both}"


def silent_bypass(folder: Path) -> tuple[bool, str]:
    """A program starts children with an empty environment and with `python -I`.

    Each child must be metered, or named as not counted, which `--strict` reports.
    """
    ran = under_run(folder / "clean_child.py", options=["--strict"])
    right = ran.billed == 3 and (
        ran.is_right or (ran.code == 6 and ran.err.count("not counted") == 2)
    )
    lines = [line for line in ran.err.splitlines() if "not counted" in line or "--strict" in line]
    return right, f"{ran}; {'; '.join(lines)}"


def green(folder: Path) -> tuple[bool, str]:
    """gevent or eventlet patches a program after the program has imported an HTTP library."""
    python = str(prepare("green"))
    runs = [under_run(folder / name, python=python) for name in _GREEN]
    return all(ran.is_right for ran in runs), "; ".join(map(str, runs))
