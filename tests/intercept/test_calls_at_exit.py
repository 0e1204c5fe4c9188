"""Calls while the process ends: metered like all others, and not refused because the keeper is closed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.usage import Provenance
from quotakeeper.engine.resumable_thread import ResumableThread
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.metering.background_settler import BackgroundSettler
from quotakeeper.sandbox.server import Sandbox
from tests.engine.support import SECONDS
from tests.intercept.conftest import (
    HEADERS,
    Watched,
    billed,
    booked,
    by_urllib,
    generate,
    prompt,
)
from tests.intercept.test_processes import _environment, _ledger, _program

# Registered before any of our imports, so it runs after our own exit handlers.
FIRST = """
import atexit
atexit.register(lambda: late())
"""
LATE = """
def late():
    assert len(post().read()) > 0
    assert len(post().read()) > 0
"""
DAEMON = """
import threading
calls, begin, enough = [], threading.Event(), threading.Event()

def work():
    assert begin.wait(50)
    for _ in range(5):
        calls.append(post().read())
    enough.set()
    threading.Event().wait()

def late():
    begin.set()
    assert enough.wait(50) and all(calls), calls

assert post().read()
threading.Thread(target=work, daemon=True).start()
"""


def _counted(sandbox: Sandbox, tmp_path: Path, calls: int) -> None:
    with _ledger(tmp_path) as keeper:
        events = list(keeper.events())
        assert len(sandbox.bill.charges) == calls
        assert booked(events) == billed(sandbox)
        assert {event.provenance for event in events} == {Provenance.REPORTED}
        assert keeper.status().open_reservations == 0
        assert keeper.verify() == []


@pytest.mark.parametrize("lease", ["off", "auto"])
def test_a_call_after_our_exit_handlers_is_sent_and_counted(
    lease: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTAKEEPER_LEASE", lease)
    text = LATE + "quotakeeper.watch()\nassert post().read()\n"
    _run_first(tmp_path, text, generate(sandbox.base_url))
    _counted(sandbox, tmp_path, 3)


def test_daemon_threads_calls_while_the_process_ends_are_counted(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    _run_first(tmp_path, "quotakeeper.watch()\n" + DAEMON, generate(sandbox.base_url))
    _counted(sandbox, tmp_path, 6)


def test_a_program_that_only_calls_at_exit_is_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    _run_first(tmp_path, LATE + "quotakeeper.watch()\n", generate(sandbox.base_url))
    _counted(sandbox, tmp_path, 2)


def test_a_limit_applies_while_the_process_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    text = """
import urllib.error
def late():
    assert post().read()
    try:
        post()
    except urllib.error.HTTPError as error:
        assert error.code == 402, error.code
    else:
        raise AssertionError("it left")

quotakeeper.watch(Keeper(config={"default_limits": False, "timezone": "UTC", "limit": [
    {"name": "two", "meter": "requests", "window": "none", "amount": 2}]}))
assert post().read()
"""
    _run_first(tmp_path, text, generate(sandbox.base_url))
    _counted(sandbox, tmp_path, 2)


def _run_first(tmp_path: Path, text: str, url: str) -> None:
    """Run a program that registers its exit handler before it imports any of our modules."""
    file = _program(tmp_path, text)
    file.write_text(FIRST + file.read_text("utf-8"), "utf-8")
    ran = subprocess.run(
        [sys.executable, str(file), url], env=_environment(tmp_path), cwd=tmp_path,
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, "Exception" in ran.stderr) == (0, False), ran.stderr


def test_a_keeper_that_was_closed_by_its_program_stays_closed(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "ledger.db", {"default_limits": False})
    keeper.status()
    keeper.close()
    keeper._engine.worker.leave_process(1.0)
    with pytest.raises(LedgerUnavailableError, match="was closed"):
        keeper.status()


def test_a_call_while_a_keeper_closes_at_exit_is_counted(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "ledger.db", {"default_limits": False}, durability="process")
    keeper.record("gemini", input_tokens=1)
    done: list[int] = []
    going, stop = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set() or len(done) < 50:
            keeper.record("gemini", input_tokens=1)
            done.append(1)
            going.set()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert going.wait(SECONDS)
    keeper._engine.worker.leave_process(SECONDS)
    stop.set()
    for thread in threads:
        thread.join(SECONDS)
    with Keeper(tmp_path / "ledger.db", {"default_limits": False}) as other:
        assert len(list(other.events())) == len(done) + 1
        assert other.verify() == []


def test_without_a_thread_calls_are_settled_where_they_end(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(thread: ResumableThread, work: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    keeper = watched()
    keeper.status()
    monkeypatch.setattr(BackgroundSettler, "_resume", lambda settler: None)
    settler = watched.watching[-1].meter.settler
    monkeypatch.setattr(settler._thread, "start", lambda work: none_left(settler._thread, work))
    for number in range(3):
        assert by_urllib(generate(sandbox.base_url), prompt(), HEADERS).status == 200
        assert len(list(keeper.events())) == number + 1
    assert watched.watching[-1].flush(1)
