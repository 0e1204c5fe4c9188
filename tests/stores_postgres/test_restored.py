"""A ledger is restored to yesterday while a host has a lease: what journals have is counted once.

A host that lives on books again what it had booked on its leases. So does its next process, from the journal.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import (
    CALL,
    MakeHost,
    assumed,
    call,
    kill,
    sums,
    sweep,
    tend,
    use_up,
)
from tests.stores_postgres.test_went_back import KEEP, RESTORE, execute

AMOUNT, ELSEWHERE, LEASE = 100, 2, 18
BOOKED, ON_DISK = 8, 3  # calls after the backup: in the ledger when it was restored, and not yet
BOOKED_AGAIN = re.compile(r"lacked (\d+) calls .* booked again")


class Case(NamedTuple):
    """What happened, and what the restored ledger counts when it has read the journals.

    - `is_older`: the lease is in the backup, with one call that was not booked then.
    - `lives_on`: the host goes on; else it is killed before the ledger is restored.
    - `has_disk`: the journals of the killed host are still there.
    - `counted`, `held`: of the host's calls, and of its lease.
    """

    is_older: bool
    lives_on: bool
    has_disk: bool
    counted: int
    held: int


CASES = {
    "a lease that is not in the backup, killed": Case(False, False, True, BOOKED + ON_DISK, 0),
    "a lease that is not in the backup, lives on": Case(False, True, True, BOOKED + ON_DISK, 0),
    "a lease of the backup, killed": Case(True, False, True, 1 + BOOKED + ON_DISK, 0),
    "a lease of the backup, lives on": Case(
        True, True, True, 1 + BOOKED + ON_DISK, LEASE - 1 - BOOKED - ON_DISK
    ),
    "a lease of the backup, killed, its disk lost": Case(True, False, False, 0, LEASE),
}


@pytest.mark.parametrize("name", CASES)
def test_journals_are_booked_once_more(
    host: MakeHost, clock: FakeClock, ledger: ServerAddress, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    one, two = host("one", str(LEASE)), host("two")
    call(two, ELSEWHERE)
    if case.is_older:
        call(one)
    execute(ledger, KEEP)
    call(one, BOOKED)
    tend(one)  # books them
    call(one, ON_DISK)
    assert sums(two) == (ELSEWHERE + case.is_older + BOOKED, LEASE - case.is_older - BOOKED)
    if not case.lives_on:
        kill(one)
    if not case.has_disk:
        shutil.rmtree(tmp_path / "one")

    execute(ledger, RESTORE)
    assert sums(two) == (ELSEWHERE, LEASE if case.is_older else 0)
    if case.lives_on:
        tend(one)
    else:
        one = host("one", "off")
        sweep(one)
    assert sums(two) == (ELSEWHERE + case.counted, case.held)
    assert use_up(two) == 0, "it saw more, and refuses until somebody accepts"

    accept(two)
    on_lease = use_up(one) if case.lives_on else 0
    clock.advance(seconds=61)  # after the term of the lease
    if case.lives_on:
        tend(one)
    sweep(two)
    rest = use_up(two)
    assert sums(two) == (AMOUNT, 0)
    assert assumed(two) == ([] if case.has_disk else [LEASE])
    lost = 0 if case.has_disk else LEASE
    assert ELSEWHERE + case.counted + on_lease + rest + lost == AMOUNT
    assert [each for each, times in ids_of(two).items() if times > 1] == []
    assert two.verify() == []


class Living(NamedTuple):
    """A host that lives on, another one, and what was logged."""

    one: Keeper
    two: Keeper
    log: pytest.LogCaptureFixture

    @property
    def told(self) -> list[str]:
        """How many calls each warning says were booked again."""
        found = (BOOKED_AGAIN.search(each.getMessage()) for each in self.log.records)
        return [each[1] for each in found if each]


@pytest.fixture
def living(host: MakeHost, ledger: ServerAddress, caplog: pytest.LogCaptureFixture) -> Living:
    """A host with a lease, in a ledger that was backed up before."""
    one, two = host("one", str(LEASE)), host("two")
    call(two, ELSEWHERE)
    execute(ledger, KEEP)
    return Living(one, two, caplog)


def test_the_warning_says_how_many_calls_the_ledger_lacked(
    living: Living, ledger: ServerAddress
) -> None:
    one, two, _ = living
    call(one, BOOKED)
    tend(one)
    execute(ledger, RESTORE)
    call(one, ON_DISK)
    tend(one)
    tend(one)
    assert living.told == [str(BOOKED)]
    assert sums(two) == (ELSEWHERE + BOOKED + ON_DISK, 0)
    accept(two)
    tend(one)
    sweep(one)
    tend(one)
    assert living.told == [str(BOOKED)]
    assert sums(two)[0] == ELSEWHERE + BOOKED + ON_DISK
    assert two.verify() == []


def test_a_host_without_leases_books_again_after_its_sweep(
    living: Living, ledger: ServerAddress, clock: FakeClock
) -> None:
    one, two, _ = living
    call(one, BOOKED)
    clock.advance(seconds=61)
    for _ in range(3):
        tend(one)
    leases: Any = one._engine.leases
    assert not leases.active
    execute(ledger, RESTORE)
    sweep(one)  # any look at the ledger notices it
    upkeep(one)
    assert (sums(two), living.told) == ((ELSEWHERE + BOOKED, 0), [str(BOOKED)])


def test_what_another_host_accepted_first_is_booked_again(
    living: Living, ledger: ServerAddress
) -> None:
    one, two, _ = living
    call(one, BOOKED)
    tend(one)
    execute(ledger, RESTORE)
    accept(two)
    call(two, BOOKED + LEASE)  # more commits than the ledger had
    disconnect(one)  # as a restore or a failover does
    sweep(one)
    upkeep(one)
    assert sums(two)[0] == ELSEWHERE + BOOKED + BOOKED + LEASE
    assert living.told == [str(BOOKED)]


def test_a_ledger_that_goes_back_twice_gets_its_calls_twice(
    living: Living, ledger: ServerAddress
) -> None:
    one, two, _ = living
    call(one, BOOKED)
    tend(one)
    for number in (1, 2):  # nobody accepts in between
        execute(ledger, RESTORE)
        sweep(one)
        upkeep(one)
        assert sums(two)[0] == ELSEWHERE + BOOKED
        assert living.told == [str(BOOKED)] * number
    assert [each for each, times in ids_of(two).items() if times > 1] == []
    assert two.verify() == []


def test_calls_that_were_drawn_end_as_they_ended(
    living: Living, ledger: ServerAddress, clock: FakeClock
) -> None:
    one, two, _ = living
    settled, released, left, open_ = (one.reserve("gemini", **CALL) for _ in range(4))
    clock.advance(seconds=2)
    tend(one)  # draws them, because they last for over a second
    settled.settle(requests=3)
    released.release()
    tend(one)
    execute(ledger, RESTORE)
    sweep(one)
    upkeep(one)
    assert sums(two)[0] == ELSEWHERE + 3
    open_.settle()  # what was under way is booked when it ends
    left.release()
    tend(one)
    sweep(one)
    assert sums(two)[0] == ELSEWHERE + 3 + 1
    assert two.verify() == []


def test_a_drawn_call_that_was_released_is_released_again(
    living: Living, ledger: ServerAddress, clock: FakeClock
) -> None:
    one, two, _ = living
    drawn = one.reserve("gemini", **CALL)
    clock.advance(seconds=2)
    tend(one)
    execute(ledger, 'DROP SCHEMA "COPY" CASCADE')
    execute(ledger, KEEP)  # the backup has the call as a reservation
    drawn.release()
    clock.advance(seconds=61)
    tend(one)
    assert sums(two) == (ELSEWHERE, 0)
    execute(ledger, RESTORE)
    sweep(one)
    upkeep(one)
    assert [hold for hold in two.reservations() if hold.id == drawn.id] == []
    assert two.verify() == []


def disconnect(keeper: Keeper) -> None:
    store: Any = keeper._engine.worker.store
    with keeper._engine.worker._turn:
        store._disconnect()


def upkeep(keeper: Keeper) -> None:
    """What the worker does for the leases between two batches."""
    worker = keeper._engine.worker
    worker.ask(lambda store, _: worker.maintenance.tend(store))


def accept(keeper: Keeper) -> None:
    worker = keeper._engine.worker
    worker.ask(lambda store, now: store.apply([o.AcceptLedger(1, "restored", "an@host")], now))


def ids_of(keeper: Keeper) -> Counter[str]:
    entries = keeper.entries()
    return Counter(entry.id for entry in entries if entry.id)
