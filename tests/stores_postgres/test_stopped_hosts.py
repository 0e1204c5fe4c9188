"""A host is stopped at a step of its lease. Another uses the limit up; of 400 calls, never 401 leave.

QUOTAKEEPER_ALL_STEPS=1 tests every step.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.reservations import is_lease_id
from tests.proof.stopped_holders import AMOUNT, STEPS
from tests.stores_postgres.lease_limits import config

pytestmark = pytest.mark.skipif(not hasattr(os, "WUNTRACED"), reason="needs SIGSTOP")
ROOT = Path(__file__).resolve().parents[2]
# In every run: a step of each kind. Where a step is reached later too, the number says when.
CHOSEN = (
    ("after line A", 7), ("admitted", 5), ("before Reserve", 1), ("after Reserve", 1),
    ("after Grow", 1), ("before Extend", 1), ("after Draw", 1), ("before Settle", 3),
    ("before Release", 1),
)  # fmt: skip
EVERY = tuple((step, 1) for step in STEPS)
_numbers = itertools.count(1)


def _started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.stores_postgres.stopped_host", *words],
                            cwd=ROOT, stdout=subprocess.PIPE, text=True)  # fmt: skip


def _said(process: subprocess.Popen[str]) -> set[str]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    lines = out.splitlines()
    return {x[1:] for x in lines if x[0] == "+"} - {x[1:] for x in lines if x[0] == "-"}


@pytest.mark.parametrize(
    ("step", "number"), EVERY if os.environ.get("QUOTAKEEPER_ALL_STEPS") else CHOSEN
)
def test_of_400_never_401(server: str, tmp_path: Path, step: str, number: int) -> None:
    url = f"{server}stopped_{os.getpid()}_{next(_numbers)}"
    holder = _started("hold", url, str(tmp_path / "one"), step, str(number))
    try:
        assert os.WIFSTOPPED(os.waitpid(holder.pid, os.WUNTRACED)[1]), "the step was never reached"
        others = _said(_started("use_up", url, str(tmp_path / "two")))
    finally:
        holder.send_signal(signal.SIGCONT)
    admitted = _said(holder) | others | _said(_started("use_up", url, str(tmp_path / "two")))
    with Keeper(url, config(AMOUNT, str(tmp_path / "three"), "off")) as judge:
        assert judge.verify() == []
        (cap,) = judge.status().limits
        assert (len(admitted), cap.used, cap.reserved) == (AMOUNT, AMOUNT, 0)
        counted = {event.id for event in judge.events() if not is_lease_id(event.id)}
        assert counted == admitted
