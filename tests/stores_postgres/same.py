"""A ledger in SQLite and one in PostgreSQL that are told the same, and compared."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import Store
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.strategies import CHANGED, LIMITS

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
        self.ways: Counter[str] = Counter()  # of the stores that were closed
        self._failed = [0, 0]
        self._compared = 0  # the last entry that was compared

    def _open(self, which: int) -> PostgresStore:
        return PostgresStore(self.address, zone_named, owner=f"store-{which}")

    def _failed_guards(self, which: int) -> int:
        ways = self.stores[which].ways
        return sum(count for way, count in ways.items() if way.startswith("guard"))

    def reopen(self, which: int) -> None:
        self.ways += self.stores[which].ways
        self._failed[which] = 0
        self.stores[which].close()
        self.stores[which] = self._open(which)

    def apply(self, which: int, commands: list[c.Command]) -> None:
        now = self.clock.now()
        expected = self.model.apply(commands, now)
        found = self.stores[which].apply(commands, now)
        assert comparable(found) == comparable(expected)
        failed = self._failed_guards(which)
        self.seen["commands"] += len(commands)
        if failed > self._failed[which]:
            self.seen["commands that failed a guard"] += len(commands)
        self._failed[which] = failed
        self.seen.update(type(outcome).__name__ for outcome in expected)

    def compare(self, which: int) -> None:
        now, store = self.clock.now(), self.stores[which]
        limits = LIMITS + CHANGED
        assert store.verdicts(limits, now) == self.model.verdicts(limits, now)
        assert store.holds() == self.model.holds()
        assert store.pauses(now) == self.model.pauses(now)
        entries = list(self.model.entries(self._compared))
        assert list(store.entries(self._compared)) == entries
        if entries:
            self._compared = entries[-1].seq
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

    def all_ways(self) -> Counter[str]:
        """How the batches of all stores went."""
        return sum((store.ways for store in self.stores), self.ways)

    def close(self) -> None:
        stores: list[Store] = [*self.stores, self.model]
        for store in stores:
            store.close()
