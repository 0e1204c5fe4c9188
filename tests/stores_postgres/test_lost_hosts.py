"""A host with a lease is lost: its rest counts as used. The host returns, and only its calls count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.engine.worker.maintenance import Maintenance
from quotakeeper.stores.postgres import transactions
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import (
    MakeHost,
    assumed,
    call,
    kill,
    sums,
    sweep,
    tend,
    use_up,
)


def test_a_lost_host_returns_and_its_lease_is_corrected_once(
    host: MakeHost, clock: FakeClock
) -> None:
    one, two = host("one", "18"), host("two")
    call(one, 8)
    assert sums(one) == (8, 10) == sums(two)
    call(one, 3)  # these are in the host's memory and journal only
    clock.advance(seconds=31)
    sweep(two)
    assert sums(two) == (8, 10), "the host may still use its lease"
    clock.advance(seconds=30)
    assert use_up(two) == 82
    assert (sums(two), assumed(two)) == ((100, 0), [10])

    tend(one)
    assert (sums(two), assumed(two)) == ((93, 0), [0]), "the 11 calls of the host, and 82"
    assert use_up(two) + use_up(one) == 7
    assert one.verify() == two.verify() == []
    corrections = [entry for entry in two.entries() if entry.kind is Kind.CORRECT]
    assert len(corrections) == 4, "one for each late call, and one for the rest"


def test_a_killed_host_stays_assumed_and_its_next_process_corrects_it(
    host: MakeHost, clock: FakeClock
) -> None:
    one, two = host("one", "18"), host("two")
    call(one, 11)
    kill(one)
    clock.advance(seconds=61)
    assert use_up(two) == 82 and assumed(two) == [18]
    sweep(host("one"))  # reads the journal
    assert (sums(two), assumed(two)) == ((93, 0), [0])
    assert use_up(two) == 7 and two.verify() == []


def test_a_neighbour_on_the_same_host_reads_the_journal_at_once(
    host: MakeHost, clock: FakeClock
) -> None:
    one, two = host("one", "18"), host("two")
    call(one, 11)
    kill(one)
    neighbour = host("one")
    sweep(neighbour)
    assert (sums(two), assumed(two)) == ((11, 0), [])
    assert use_up(two) == 89 and two.verify() == []


def test_a_neighbour_fences_a_stopped_process_and_reads_its_journal(
    host: MakeHost, clock: FakeClock
) -> None:
    one, neighbour = host("one", "18"), host("one")
    call(one, 11)
    clock.advance(seconds=61)
    assert use_up(neighbour) == 89 and assumed(neighbour) == []
    assert use_up(one) == 0 and sums(one) == (100, 0)
    assert one.verify() == []


def test_a_host_that_was_counted_as_ended_gives_its_leases_back(
    host: MakeHost, clock: FakeClock
) -> None:
    one, two = host("one", "18"), host("two")
    call(one, 8)
    clock.advance(seconds=31)
    call(two)
    sweep(two)
    call(one)  # on its lease, which lasts
    tend(one)  # tells it
    tend(one)
    assert sums(two) == (10, 0) and assumed(two) == []
    clock.advance(seconds=2)
    call(one, 2)
    tend(one)
    assert sums(two) == (12, 16)
    names = {hold.owner.partition("~")[2] for hold in two.reservations()}
    assert names == {"2"}


def test_an_idle_process_tells_the_ledger_that_it_is_running(
    host: MakeHost, clock: FakeClock
) -> None:
    one, two = host("one"), host("two")
    held = one.reserve("gemini", model="gemini-2.0-flash", requests=1)
    worker = one._engine.worker
    assert worker.maintenance.rest_seconds == 5.0, "between two wake-ups"
    for _ in range(8):
        clock.advance(seconds=5)
        store: Any = worker.store
        store._presence._heard_at = float("-inf")  # by the machine's clock, 5 s passed
        with worker._turn:
            Maintenance.keep(worker.maintenance, worker.store)
    call(two)
    sweep(two)
    held.mark_sent()
    held.settle()
    assert sums(two) == (2, 0)


def test_calls_that_the_server_missed_are_on_the_disk_of_the_host(
    host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "open_connection", cut_off)
        one = host("one", on_store_failure="allow")
        call(one, 3)
        kill(one)
    two = host("two")
    assert sums(two) == (0, 0)
    sweep(host("one"))
    assert sums(two) == (3, 0) and two.verify() == []


def test_a_living_host_gives_back_what_another_needs(
    host: MakeHost, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = host("one", "80", amount=400), host("two", amount=400)
    call(one, 1)
    assert sums(one) == (1, 79)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(seconds=seconds)
        tend(one)

    monkeypatch.setattr(two._engine.parts.recalls, "clock", Ticking(clock, sleep), raising=False)
    assert use_up(two) == 399
    assert waits and sum(waits) <= 0.5 and sums(two) == (400, 0)


class Ticking:
    """A clock whose sleep lets another host work."""

    def __init__(self, clock: FakeClock, sleep: Callable[[float], None]) -> None:
        self.now, self.monotonic, self.sleep = clock.now, clock.monotonic, sleep
