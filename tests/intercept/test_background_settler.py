"""The background settler settles ended calls in batches, and never delays a waiting caller."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.engine.batch_settle import Settlement
from quotakeeper.metering import background_settler
from quotakeeper.metering.background_settler import BackgroundSettler
from quotakeeper.metering.call_meter import CallMeter
from tests.engine.support import SECONDS, gated, until
from tests.engine.test_forks import in_child

Failures = list[Exception]


@pytest.fixture
def keeper(tmp_path: Any) -> Any:
    settings = {"default_limits": False}
    with Keeper(tmp_path / "ledger.db", settings, durability="process") as keeper:
        yield keeper


@pytest.fixture
def settler(monkeypatch: pytest.MonkeyPatch) -> BackgroundSettler:
    """A settler that sleeps longer than any test waits, unless a caller hurries it."""
    monkeypatch.setattr(background_settler, "PAUSE_SECONDS", 600.0)
    return BackgroundSettler()


def ended(keeper: Keeper, failures: Failures, **given: Any) -> Callable[[], Settlement]:
    reservation = keeper.reserve("gemini", input_tokens=10, sent=True)
    return lambda: Settlement(reservation, {"input_tokens": 3, **given}, failures.append)


def test_calls_that_ended_meanwhile_are_settled_in_one_commit(
    keeper: Keeper, settler: BackgroundSettler
) -> None:
    failures: Failures = []
    jobs = [ended(keeper, failures) for _ in range(20)]
    store, done = gated(keeper), threading.Event()
    store.before.clear()
    keeper._engine.worker.post(Watch(()))  # keeps the worker busy until all calls are handed over
    assert store.entered.wait(SECONDS)
    for job in jobs:
        settler.put(job)
    settler.put_at_once(done.set)
    settler.start()
    until(lambda: keeper._engine.worker._queue.qsize() == len(jobs))
    assert not done.is_set()
    store.before.set()
    assert done.wait(SECONDS)
    assert store.batches == [1, 20]
    assert failures == [] and len(list(keeper.events())) == 20


def test_a_failed_settlement_does_not_affect_the_others(
    keeper: Keeper, settler: BackgroundSettler, caplog: pytest.LogCaptureFixture
) -> None:
    failures: Failures = []
    for given in ({}, {"input_tokens": -1}, {}, {"note": 5}):
        settler.put(ended(keeper, failures, **given))
    settler.put(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    settler.put(ended(keeper, failures))
    settler.start()
    with caplog.at_level(logging.ERROR, "quotakeeper"):
        assert settler.wait(SECONDS)
    assert len(failures) == 2 and len(list(keeper.events())) == 3
    assert [record.message for record in caplog.records] == [
        "quotakeeper: a finished call could not be settled"
    ]


def test_a_waiting_caller_continues_once_the_calls_before_it_are_settled(
    keeper: Keeper, settler: BackgroundSettler
) -> None:
    seen: list[int] = []
    settler.start()
    for expected in (1, 2, 3):
        settler.put(ended(keeper, []))
        settler.put_at_once(lambda: seen.append(len(list(keeper.events()))))
        assert settler.wait(SECONDS)
        assert seen[-1] == expected


def test_more_calls_than_one_batch_holds_are_all_settled(
    keeper: Keeper, settler: BackgroundSettler
) -> None:
    count = 2 * background_settler._MOST_AT_ONCE + 5
    for _ in range(count):
        settler.put(ended(keeper, []))
    settler.start()
    assert settler.wait(SECONDS)
    assert len(list(keeper.events())) == count


def threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "quotakeeper-settler"}


def test_a_dropped_settler_leaves_no_thread(keeper: Keeper) -> None:
    before, settler = threads(), BackgroundSettler()
    settler.start()
    assert len(threads() - before) == 1
    settler.put(ended(keeper, []))
    del settler
    until(lambda: not threads() - before)
    assert len(list(keeper.events())) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of POSIX")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_waits_for_the_handed_over_calls_and_ends_the_thread(
    keeper: Keeper, settler: BackgroundSettler
) -> None:
    meter = CallMeter(keeper)
    meter.settler = settler
    before = threads()
    settler.start()
    settler.put(ended(keeper, []))  # sleeps 600 s unless hurried
    assert in_child(lambda: None) == 0
    assert len(list(keeper.events())) == 1
    assert threads() <= before
    settler.put(ended(keeper, []))  # as a finalizer does: no new call begins
    until(lambda: bool(threads() - before))
    settler.put_at_once(lambda: None)
    until(lambda: len(list(keeper.events())) == 2)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_without_a_thread_at_exit_the_handed_over_calls_are_settled(
    keeper: Keeper, settler: BackgroundSettler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.12 starts no thread at its exit."""
    settler.start()
    settler.before_fork()
    settler.after_fork_in_parent()
    job = ended(keeper, [])
    monkeypatch.setattr(threading.Thread, "start", _refused)
    settler.put(job)
    assert settler.wait(SECONDS)
    monkeypatch.undo()
    assert len(list(keeper.events())) == 1


def _refused(thread: threading.Thread) -> None:
    raise RuntimeError("can't create new thread at interpreter shutdown")
