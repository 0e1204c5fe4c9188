"""The closer: calls that have ended are settled together, and nobody who waits is kept waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.engine.batch_settle import Settlement
from quotakeeper.metering import background_settler as closers
from quotakeeper.metering.background_settler import BackgroundSettler
from tests.engine.support import SECONDS, gated, until

Failures = list[Exception]


@pytest.fixture
def keeper(tmp_path: Any) -> Any:
    settings = {"default_limits": False}
    with Keeper(tmp_path / "ledger.db", settings, durability="process") as keeper:
        yield keeper


@pytest.fixture
def closer(monkeypatch: pytest.MonkeyPatch) -> BackgroundSettler:
    """One that would rest for longer than any test waits, unless it is hurried."""
    monkeypatch.setattr(closers, "PAUSE_SECONDS", 600.0)
    return BackgroundSettler()


def ended(keeper: Keeper, failures: Failures, **given: Any) -> Callable[[], Settlement]:
    reservation = keeper.reserve("gemini", input_tokens=10, sent=True)
    return lambda: Settlement(reservation, {"input_tokens": 3, **given}, failures.append)


def test_what_has_ended_meanwhile_is_settled_in_one_commit(
    keeper: Keeper, closer: BackgroundSettler
) -> None:
    failures: Failures = []
    jobs = [ended(keeper, failures) for _ in range(20)]
    store, done = gated(keeper), threading.Event()
    store.before.clear()
    keeper._engine.worker.post(Watch(()))  # keeps the worker busy until all of them are handed over
    assert store.entered.wait(SECONDS)
    for job in jobs:
        closer.put(job)
    closer.put_at_once(done.set)
    closer.start()
    until(lambda: keeper._engine.worker._queue.qsize() == len(jobs))
    assert not done.is_set()
    store.before.set()
    assert done.wait(SECONDS)
    assert store.batches == [1, 20]
    assert failures == [] and len(list(keeper.events())) == 20


def test_a_settlement_that_fails_is_not_the_trouble_of_the_others(
    keeper: Keeper, closer: BackgroundSettler, caplog: pytest.LogCaptureFixture
) -> None:
    failures: Failures = []
    for given in ({}, {"input_tokens": -1}, {}, {"note": 5}):
        closer.put(ended(keeper, failures, **given))
    closer.put(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    closer.put(ended(keeper, failures))
    closer.start()
    with caplog.at_level(logging.ERROR, "quotakeeper"):
        assert closer.wait(SECONDS)
    assert len(failures) == 2 and len(list(keeper.events())) == 3
    assert [record.message for record in caplog.records] == [
        "quotakeeper: a call could not be ended"
    ]


def test_who_waits_is_told_only_once_those_in_front_are_settled(
    keeper: Keeper, closer: BackgroundSettler
) -> None:
    seen: list[int] = []
    closer.start()
    for expected in (1, 2, 3):
        closer.put(ended(keeper, []))
        closer.put_at_once(lambda: seen.append(len(list(keeper.events()))))
        assert closer.wait(SECONDS)
        assert seen[-1] == expected


def test_more_than_are_settled_at_once_are_settled_all(
    keeper: Keeper, closer: BackgroundSettler
) -> None:
    count = 2 * closers._MOST_AT_ONCE + 5
    for _ in range(count):
        closer.put(ended(keeper, []))
    closer.start()
    assert closer.wait(SECONDS)
    assert len(list(keeper.events())) == count
