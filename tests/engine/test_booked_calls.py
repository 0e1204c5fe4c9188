"""Calls that a ledger lost are booked again: how many, in which steps, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger.commands import Command, Correct, Failed, Outcomes, Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.engine.leases import booked_calls
from quotakeeper.engine.leases.booked_calls import BookedCalls
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

AT_ONCE = 400
DAY = 86_400


class Server(MemoryStore):
    """A ledger that loses everything on demand, and that sometimes cannot be used."""

    def __init__(self) -> None:
        super().__init__(zone_named)
        self.fails_after = 10**9  # batches
        self.batches: list[int] = []

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        if len(self.batches) >= self.fails_after:
            raise LedgerUnavailableError(self.name, "the test says so", "wait")
        self.batches.append(len(commands))
        return super().apply(commands, now)

    def lose_all(self) -> None:
        vars(self).update(vars(Server()) | {"losses": self.losses + 1})


class Host:
    """A keeper with leases, the ledger that its calls are booked in, and what it keeps of them."""

    def __init__(self) -> None:
        self.clock = FakeClock("2026-11-23T12:00:00Z")
        table = config(limit(10**6))
        self.keeper = Keeper("memory:", table, clock=self.clock, lease=2_000)
        self.keeper._engine.worker.maintenance.tend = lambda store: None  # type: ignore[method-assign]
        self.leases: Any = self.keeper._engine.leases
        self.leases._booked = self.kept = BookedCalls()
        self.server = Server()

    def calls(self, number: int) -> None:
        for _ in range(number):
            self.keeper.reserve("gemini", model="gemini-2.0-flash", requests=1).settle()
        worker = self.keeper._engine.worker
        worker.ask(lambda store, now: self.leases.drain(store, now))

    def book_again(self) -> int:
        """One step. Returns how many events the server has then."""
        self.kept.book_again(self.server, self.clock.now())
        return len({entry.id for entry in self.server.entries()})


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.leases._booked = None
    host.keeper.close()


def leased(host: Host) -> int:
    """How many calls were made on leases: the others are reservations of their own."""
    return len(host.kept._kept)


def test_nothing_is_booked_again_without_a_loss(host: Host) -> None:
    host.calls(10)
    assert leased(host) == 10
    assert host.book_again() == 0
    assert host.server.batches == []


def test_many_calls_are_booked_in_steps(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.calls(2 * AT_ONCE + 10)
    host.server.lose_all()
    steps = []
    for _ in range(3):
        assert not caplog.records, "told when all are there"
        steps.append(host.book_again())
        assert host.kept.waiting == (len(steps) < 3)
    assert steps == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE + 10]
    assert "lacked 810 calls" in caplog.text
    # The lease is unknown, so each step has a second commit, with all its records.
    assert host.server.batches == [800, 400, 800, 400, 20, 10]
    assert host.book_again() == 2 * AT_ONCE + 10
    assert host.server.verify() == []


def test_a_step_that_fails_is_made_again(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.calls(AT_ONCE + 10)
    host.server.lose_all()
    for fails_after in (0, 1, 3):  # at the draws, at the records, and in the second step
        host.server.fails_after = fails_after
        with pytest.raises(LedgerUnavailableError):
            for _ in range(2):
                host.book_again()
        assert host.kept.waiting
    host.server.fails_after = 10**9
    for _ in range(2):
        host.book_again()
    assert not host.kept.waiting
    assert len(list(host.server.entries())) == AT_ONCE + 10
    assert "lacked 410 calls" in caplog.text


def test_a_loss_in_the_middle_begins_again(host: Host) -> None:
    host.calls(AT_ONCE + 10)
    host.server.lose_all()
    host.book_again()
    host.server.lose_all()
    assert [host.book_again(), host.book_again()] == [AT_ONCE, AT_ONCE + 10]


def test_the_worker_stays_awake_until_all_are_there(host: Host) -> None:
    host.calls(AT_ONCE + 10)
    worker = host.keeper._engine.worker
    for _ in range(2):
        host.clock.advance(seconds=61)
        worker.ask(lambda store, now: host.leases.tend(store, now, at_once=True))
    awake = [host.leases.active]
    host.server.lose_all()
    for _ in range(2):
        host.book_again()
        awake.append(host.leases.active)
    assert awake == [False, True, False]


def test_the_newest_calls_are_kept(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booked_calls, "MOST_CALLS", 5)
    host.leases._booked = host.kept = BookedCalls()
    host.calls(8)
    host.server.lose_all()
    assert host.book_again() == 5


@pytest.mark.parametrize(("days", "booked"), [(30, 3), (30.01, 0)])
def test_calls_whose_id_may_be_deleted_are_left_out(host: Host, days: float, booked: int) -> None:
    host.calls(3)
    host.clock.advance(seconds=int(days * DAY))
    host.server.lose_all()
    assert host.book_again() == booked


def test_a_released_call_is_not_booked(host: Host) -> None:
    host.calls(1)
    host.keeper.reserve("gemini", model="gemini-2.0-flash", requests=1).release()
    host.calls(1)
    assert leased(host) == 2
    host.server.lose_all()
    assert host.book_again() == 2


def test_a_call_that_was_corrected_stays_as_it_is(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.calls(2)
    host.server.lose_all()
    host.book_again()
    stores: tuple[Any, ...] = (host.server, host.keeper._engine.worker.store)
    for store in stores:  # without the lease, and with it
        ids = [entry.id for entry in host.server.entries()]
        store.apply([Correct(ids[0], Figures({"requests": 9}, 0))], host.clock.now())
        before = list(store.entries())
        store.losses += 1
        caplog.clear()
        host.kept.book_again(store, host.clock.now())
        assert list(store.entries()) == before
        assert not caplog.records


def test_a_call_that_another_process_recorded_stays_as_it_is(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.calls(1)
    host.server.lose_all()
    (kept,) = host.kept._kept
    record = Record(kept.draw.id, kept.labels, Figures({"requests": 9}, 0))
    host.server.apply([record], host.clock.now())
    assert host.book_again() == 1
    assert [entry.figures for entry in host.server.entries()] == [record.figures]
    assert not caplog.records


def test_a_call_that_cannot_be_booked_is_named(
    host: Host, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.calls(1)
    host.server.lose_all()

    def refuse(commands: Sequence[Command], now: int) -> list[Outcomes]:
        return [Failed(InvalidInputError("requests", "is too large")) for _ in commands]

    monkeypatch.setattr(host.server, "apply", refuse)
    host.kept.book_again(host.server, host.clock.now())
    (kept,) = host.kept._kept
    assert [each.getMessage() for each in caplog.records] == [
        f"quotakeeper: call {kept.draw.id}, which the ledger lacked after it went back, was not "
        "booked again: requests: is too large"
    ]


def test_a_kept_call_keeps_no_file_open(host: Host) -> None:
    host.calls(1)
    (kept,) = host.kept._kept
    assert not hasattr(kept, "__dict__")
    assert {type(getattr(kept, name)).__name__ for name in kept.__slots__} == {
        "CallLabels", "Draw", "Settle",
    }  # fmt: skip


def test_a_forked_child_has_no_calls_of_its_parent(host: Host) -> None:
    host.calls(3)
    host.leases.after_fork("child")
    assert leased(host) == 3
    assert list(host.leases._booked._kept) == []


def test_a_keeper_that_ends_books_all_of_them(host: Host) -> None:
    host.calls(AT_ONCE + 10)
    host.server.lose_all()
    host.leases.close(host.server, host.clock.now())
    ids = {entry.id for entry in host.server.entries() if entry.id}
    assert len(ids) == AT_ONCE + 10
