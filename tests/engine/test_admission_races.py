"""A hard limit is never passed, however many processes and threads draw on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.clocks import zone_named
from quotakeeper.domain import ledger
from quotakeeper.domain.commands import Record, Release, Reserve, Settle, Sweep
from quotakeeper.domain.entries import Entry, Kind
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.state import LedgerState
from tests.engine.support import config, limit, python, said

_DRAW = """
import sys, threading
from quotakeeper import Keeper, LimitExceeded
path, amount, durability = sys.argv[1:]
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": amount}
keeper = Keeper(path, {"timezone": "UTC", "limit": [limit]}, durability)
admitted, barrier = [], threading.Barrier(8)
def draw():
    barrier.wait()
    try:
        while True:
            with keeper.reserve("gemini", model="gemini-2.0-flash") as call:
                admitted.append(call.id)
                call.settle(requests=1)
    except LimitExceeded as error:
        assert error.remaining == 0, error
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
threads = [threading.Thread(target=draw) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
keeper.close()
print(len(admitted))
"""


def decide_again(state: LedgerState, entry: Entry, limits: tuple[Limit, ...]) -> list[Entry]:
    """The command that an entry came from, carried out on the pure model."""
    opening = state.known_at(entry.ref) if entry.ref else None
    command: Reserve | Record | Settle | Release | Sweep
    if entry.kind is Kind.RESERVE:
        assert entry.labels and entry.figures
        ttl = entry.expires_at - entry.at
        command = Reserve(entry.id, entry.labels, entry.figures, limits, entry.owner, ttl)
    elif entry.kind is Kind.RECORD:
        assert entry.labels and entry.figures
        command = Record(entry.id, entry.labels, entry.figures)
    elif entry.kind is Kind.SETTLE:
        assert opening and entry.figures
        command = Settle(opening.id, entry.figures)
    else:
        assert opening and entry.kind is Kind.RELEASE, entry
        command = Release(opening.id)
    _, made = ledger.apply(state, [command], entry.at)
    return made


def assert_serial(keeper: Keeper) -> int:
    """Every decision in the journal is the one the pure model takes, in that order."""
    model = LedgerState(zone_named)
    entries = list(keeper.entries())
    for wanted in keeper.limits:
        model.add_account(wanted.account, 0)
    for entry in entries:
        assert decide_again(model, entry, keeper.limits) == [entry]
    return len(entries)


@pytest.mark.parametrize(("durability", "amount"), [("process", 10_000), ("power", 400)])
def test_four_processes_of_eight_threads_admit_exactly_the_limit(
    path: Path, durability: str, amount: int
) -> None:
    children = [python(_DRAW, path, amount, durability) for _ in range(4)]
    for child in children:
        assert child.stdout and child.stdout.readline() == "ready\n"
    counts = [int(said(child)) for child in children]

    assert sum(counts) == amount
    with Keeper(path, config(limit(amount))) as keeper:
        (standing,) = keeper.status().limits
        assert (standing.used, standing.reserved, standing.remaining) == (amount, 0, 0)
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", model="gemini-2.0-flash")
        assert keeper.verify() == []
        assert assert_serial(keeper) == 2 * amount
