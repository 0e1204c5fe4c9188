"""A worker of `quotakeeper serve --workers` that the system cannot start."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quotakeeper.gateway import supervising
from quotakeeper.gateway.supervising import WorkerEnd
from quotakeeper.testing import FakeClock
from tests.gateway.serve_process import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here: Windows")

# A program of its own, because the supervisor takes over the signals of its process.
_PROGRAM = """
import errno, os, signal, sys
from quotakeeper.clocks import SystemClock
from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway import supervising

most, forks, real = int(sys.argv[1]), [], os.fork

def fork():
    if len(forks) == most:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
    forks.append(real())
    return forks[-1]

os.fork = fork
supervisor = supervising._Supervisor(2, (), (lambda: None, lambda _: None), SystemClock())
opened = len(os.listdir("/dev/fd"))
try:
    link = supervisor.run()
except InvalidInputError as error:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    print(error)
    print(len(forks), supervisor._folder.exists(), len(os.listdir("/dev/fd")) - opened, blocked)
else:
    assert len(forks) == 1 and forks[0] == 0, forks
    link._link.setblocking(True)
    link.say_ready()
    sys.exit(0 if link._link.recv(1) == supervising.STOP else 9)
"""


@pytest.mark.parametrize("started", [0, 1])
def test_a_worker_that_cannot_start_at_first_ends_the_gateway_with_an_error(started: int) -> None:
    """The workers that run are stopped; the shared folder and the links are gone."""
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(started)], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    told, state = ran.stdout.splitlines()
    assert f"worker {started + 1} could not start: Resource temporarily unavailable" in told
    assert "use fewer workers" in told
    assert state == f"{started} False 0 set()"


def test_a_worker_that_cannot_start_again_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway serves with the workers that it has, and the pauses grow."""

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    told: list[WorkerEnd] = []
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    supervisor = supervising._Supervisor(1, (), (lambda: None, told.append), clock)
    try:
        supervisor._is_announced = True
        (worker,) = supervisor._workers
        worker.due_at = clock.monotonic()
        for _ in range(9):
            assert supervisor._start_due() is None
            assert worker.due_at == clock.monotonic() + worker.pause
            clock.advance(seconds=worker.pause)
    finally:
        supervisor._selector.close()
        for each in (supervisor._woken, supervisor._waker):
            each.close()
        Path(supervisor._folder).rmdir()
    assert [each.pause for each in told] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert {each.problem for each in told} == {"Resource temporarily unavailable"}
