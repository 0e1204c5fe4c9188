"""Is it the same machine? Random scripts of every command on SQLite and on PostgreSQL, by turns.

Two stores share the ledger in PostgreSQL, so what one of them has cached is always in danger. After
each batch the outcomes are equal, and time and again journals, balances and holds.
Longer: QUOTAKEEPER_SAME_STEPS=20000 pytest tests/stores_postgres/test_same_machine.py; another seed:
QUOTAKEEPER_SAME_SEED=7.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ports import Store
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import CHANGED, LIMITS, STEPS, CommandMaker

STEPS_A_SCRIPT = int(os.environ.get("QUOTAKEEPER_SAME_STEPS", "250"))
SEED = int(os.environ.get("QUOTAKEEPER_SAME_SEED", "1"))
# Shortly before a UTC midnight, seven hours before California changes its clocks.
START = "2027-03-13T23:50:00Z"
BALANCES = """
SELECT a.key, b.start_at, b.settled, b.reserved, b.overage
FROM balance AS b JOIN account AS a ON a.account_id = b.account_id
WHERE b.settled > 0 OR b.reserved > 0 OR b.overage > 0
"""
PACES = """
SELECT a.key, p.slot_at, p.used FROM pace AS p JOIN account AS a ON a.account_id = p.account_id
WHERE p.used <> 0
"""
MARKS = """
SELECT a.key, m.name, m.amount, m.level, m.start_at, m.turn, m.stands
FROM mark AS m JOIN account AS a ON a.account_id = m.account_id
"""


def comparable(outcomes: list[c.Outcomes]) -> list[object]:
    """Outcomes with errors by what they say: two exceptions are never equal."""
    return [
        (type(each.error), str(each.error)) if isinstance(each, c.Failed) else each
        for each in outcomes
    ]


class Pair:
    """A ledger in SQLite and one in PostgreSQL with two stores on it, told the same."""

    def __init__(self, folder: Path, address: ServerAddress) -> None:
        self.path, self.address = folder / "ledger.db", address
        self.clock = FakeClock(START)
        self.model = SqliteStore(self.path, zone_named, owner="model", durability="process")
        self.stores = [self._open(0), self._open(1)]
        self.seen: Counter[str] = Counter()

    def _open(self, which: int) -> PostgresStore:
        return PostgresStore(self.address, zone_named, owner=f"store-{which}")

    def reopen(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = self._open(which)

    def apply(self, which: int, commands: list[c.Command]) -> None:
        now = self.clock.now()
        expected = self.model.apply(commands, now)
        found = self.stores[which].apply(commands, now)
        assert comparable(found) == comparable(expected)
        self.seen["commands"] += len(commands)
        self.seen.update(type(outcome).__name__ for outcome in expected)

    def compare(self, which: int) -> None:
        now, store = self.clock.now(), self.stores[which]
        limits = LIMITS + CHANGED
        assert store.verdicts(limits, now) == self.model.verdicts(limits, now)
        assert store.holds() == self.model.holds()
        assert store.pauses(now) == self.model.pauses(now)
        assert list(store.entries()) == list(self.model.entries())
        assert list(store.slots()) == list(self.model.slots())

    def audit(self) -> None:
        assert self.stores[0].verify() == self.model.verify() == []
        with (
            closing(sqlite3.connect(self.path)) as connection,
            self.stores[0]._reading() as session,
        ):
            for query in (BALANCES, PACES, MARKS):
                expected = set(connection.execute(query).fetchall())
                assert set(session.execute(query).fetchall()) == expected

    def close(self) -> None:
        stores: list[Store] = [*self.stores, self.model]
        for store in stores:
            store.close()


@pytest.fixture
def pair(tmp_path: Path, ledger: ServerAddress) -> Iterator[Pair]:
    pair = Pair(tmp_path, ledger)
    yield pair
    pair.close()


def order(chance: Random) -> c.Command:
    """What a person may order."""
    limit = chance.choice(LIMITS)
    lasts = chance.choice((MINUTE, HOUR, 30 * HOUR))
    provider = chance.choice(("", "gemini", "deepgram"))
    return chance.choice(
        (
            o.PauseCalls(provider, "why", "an@host", MINUTE),
            o.ResumeCalls(provider, "", "an@host"),
            o.AcceptClock(lasts, "why", "an@host"),
            o.RaiseLimit(limit.name, limit.account.key, 2 * limit.amount, lasts, "why", "an@host"),
        )
    )


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_random_scripts_mean_the_same(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    make = CommandMaker(chance, around=pair.clock.now())
    for step in range(STEPS_A_SCRIPT):
        make.generation = step // 5
        commands = make.batch()
        if chance.randint(0, 19) == 0:
            commands.append(order(chance))
        pair.apply(chance.randint(0, 1), commands)
        pair.clock._now += chance.choice(STEPS)
        if step % 25 == 0:
            pair.compare(chance.randint(0, 1))
        if step % 100 == 99:
            pair.audit()
            pair.reopen(chance.randint(0, 1))
    pair.compare(0)
    pair.audit()
    print(f"seed {seed}: {dict(pair.seen)}")
    assert pair.seen["Denied"] > 0
