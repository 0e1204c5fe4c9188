"""A process that ends right after an answer: the call is counted with the answer's figures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import billed, booked, generate
from tests.intercept.test_processes import _environment, _ledger, _program

# The settler does not get to run, so that a kill finds only what `hand_over` has written.
SLOW = """
from quotakeeper.metering import background_settler
background_settler.PAUSE_SECONDS = 600.0
quotakeeper.watch()
"""
ENDS = {
    "os._exit": "import os; os._exit(0)",
    "os.execv": "import os; os.execv(sys.executable, [sys.executable, '-S', '-c', ''])",
    "SIGTERM": "import os, signal; os.kill(os.getpid(), signal.SIGTERM); signal.pause()",
    "SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
}
CODES = {"SIGTERM": -signal.SIGTERM, "SIGKILL": -getattr(signal, "SIGKILL", 0)}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and exec are POSIX")


def _ran(tmp_path: Path, text: str, url: str, **environ: str) -> int:
    command = [sys.executable, str(_program(tmp_path, SLOW + text)), url]
    environment = {**_environment(tmp_path), **environ}
    return subprocess.run(
        command, env=environment, cwd=tmp_path, timeout=60, check=False
    ).returncode


def _notes(tmp_path: Path) -> list[str]:
    return [name for name in os.listdir(tmp_path) if ".ended-" in name]


@posix
@pytest.mark.parametrize("lease", ["off", "auto"])
@pytest.mark.parametrize("end", list(ENDS))
def test_a_call_whose_answer_was_read_is_not_assumed_after_a_kill(
    end: str, lease: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    text = "for _ in range(3):\n    assert post().read()\n" + ENDS[end]
    code = _ran(tmp_path, text, generate(sandbox.base_url), QUOTAKEEPER_LEASE=lease)
    assert code == CODES.get(end, 0)
    assert len(_notes(tmp_path)) == 1  # the first call of a kind has no lease
    with _ledger(tmp_path) as keeper:
        assert keeper.status().open_reservations == 0
        events = list(keeper.events())
        assert [event.provenance for event in events] == [Provenance.REPORTED] * 3
        assert booked(events) == billed(sandbox)
        assert keeper.verify() == []
    assert _notes(tmp_path) == []


@posix
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_pool_terminated_right_after_its_calls_has_them_counted(
    method: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    text = f"""
import multiprocessing

def work(_):
    return len(post().read())

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert all(pool.map(work, range(4)))
"""
    assert _ran(tmp_path, text, generate(sandbox.base_url)) == 0
    with _ledger(tmp_path) as keeper:
        assert keeper.status().open_reservations == 0
        events = list(keeper.events())
        assert [event.provenance for event in events] == [Provenance.REPORTED] * 4
        assert booked(events) == billed(sandbox)
