"""A blocked ledger, a machine without threads, a bug in a batch: the caller still gets an answer."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Release
from quotakeeper.engine.worker.process_lifecycle import FairLock, ProcessLifecycle
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import SECONDS, GatedStore, gated, limit, until


def hanging(make: MakeKeeper) -> tuple[Keeper, GatedStore]:
    """A keeper whose store has begun a batch and does not return."""
    keeper = make(limit(10))
    store = gated(keeper)
    store.forget()
    store.before.clear()
    keeper._engine.worker.post(Release("nothing"))
    assert store.entered.wait(SECONDS)
    return keeper, store


def ends(act: Any) -> bool:
    """Whether the function ends in time. If not, its thread is left running."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(SECONDS / 4)
    return not thread.is_alive()


@pytest.mark.parametrize("how", ["close", "with", "aclose"])
def test_close_does_not_wait_for_a_blocked_ledger(
    make: MakeKeeper, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    keeper, store = hanging(make)
    keeper._engine.worker.patience = 0.02

    def leave() -> None:
        if how == "close":
            keeper.close()
        elif how == "with":
            with keeper:
                pass
        else:
            asyncio.run(keeper.aclose())

    try:
        assert ends(leave)
        assert "is busy; it was not closed" in caplog.text
    finally:
        store.before.set()


def test_a_fork_does_not_wait_for_a_turn_that_never_comes() -> None:
    turn = FairLock()
    assert turn.wait()
    threading.Thread(target=turn.wait, daemon=True).start()
    until(turn.turnstile.locked)  # another thread waits for the turn without end
    assert ends(lambda: turn.wait(0.02))
    turn.end()


class _Member:
    def __init__(self, told: list[str], *, fails: bool) -> None:
        self.told, self.fails = told, fails

    def _tell(self, what: str) -> None:
        if self.fails:
            raise ZeroDivisionError(what)
        self.told.append(what)

    def before_fork(self) -> None:
        self._tell("before")

    def after_fork_in_parent(self) -> None:
        self._tell("parent")

    def after_fork(self) -> None:
        self._tell("child")

    def leave_process(self, seconds: float) -> None:
        self._tell("close")


def test_a_failure_of_one_keeper_at_a_fork_or_at_exit_does_not_reach_the_others(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.register_at_fork", lambda **_: None, raising=False)
    monkeypatch.setattr("atexit.register", lambda _: None)
    told: list[str] = []
    members = [_Member(told, fails=number != 1) for number in range(3)]
    roll = ProcessLifecycle()
    for member in members:
        roll.join(member)
    roll._before()
    roll._in_parent()
    roll._before()
    roll._in_child()
    roll._at_exit()
    assert told == ["before", "parent", "before", "child", "close"]
    assert caplog.text.count("a keeper failed") == 10


def test_without_a_thread_the_ledger_is_unavailable_and_a_later_call_tries_again(
    make: MakeKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    denying = make(limit(10))
    allowing = make(limit(10), on_store_failure="allow")

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        for _ in range(2):
            with pytest.raises(LedgerUnavailableError, match="can't start new thread"):
                denying.record("gemini")
        with allowing.reserve("gemini") as call:
            call.settle(requests=2)
    assert denying.record("gemini").quantities == {"requests": 1}
    assert allowing.status().limits[0].used == 2


@pytest.mark.parametrize("bug", [False, True])
def test_each_caller_gets_its_own_error_object(make: MakeKeeper, bug: bool) -> None:
    keeper, store = hanging(make)
    first = ZeroDivisionError("a bug") if bug else LedgerUnavailableError("here", "is full", "wait")
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(keeper.record, "gemini") for _ in range(4)]
        until(lambda: keeper._engine.worker._queue.qsize() == 4)
        store.error = first
        store.before.set()
        errors = [future.exception(SECONDS) for future in waiting]
    store.error = None
    assert len({id(error) for error in errors}) == 4
    for error in errors:
        if bug:
            assert type(error) is OutcomeUnknownError
            assert "ZeroDivisionError: a bug" in str(error)
            assert error.__cause__ is not None and error.__cause__.__cause__ is first
        else:
            assert type(error) is LedgerUnavailableError
            assert (error.ledger, error.problem, error.fix) == ("here", "is full", "wait")
            assert str(error) == str(first) and error.__cause__ is first
