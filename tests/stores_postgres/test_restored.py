"""A ledger is restored to yesterday while a host has a lease: what journals have is counted once.

A host that lives on has lost what the ledger had already booked. Its next process still finds that in the
journal, and books it again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.stores.postgres.dsn import ServerAddress
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
from tests.stores_postgres.test_went_back import KEEP, RESTORE, execute

AMOUNT, ELSEWHERE, LEASE = 100, 2, 18
BOOKED, ON_DISK = 8, 3  # calls after the backup: in the ledger when it was restored, and not yet


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
    "a lease that is not in the backup, lives on": Case(False, True, True, ON_DISK, 0),
    "a lease of the backup, killed": Case(True, False, True, 1 + BOOKED + ON_DISK, 0),
    "a lease of the backup, lives on": Case(True, True, True, ON_DISK, LEASE - ON_DISK),
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


def accept(keeper: Keeper) -> None:
    worker = keeper._engine.worker
    worker.ask(lambda store, now: store.apply([o.AcceptLedger(1, "restored", "an@host")], now))


def ids_of(keeper: Keeper) -> Counter[str]:
    entries = keeper.entries()
    return Counter(entry.id for entry in entries if entry.id)
