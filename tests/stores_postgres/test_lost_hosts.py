"""A host with a lease is lost: its rest counts as used. The host returns, and only its calls count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quotakeeper.domain.ledger.entries import Kind
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
