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
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import applicable
from quotakeeper.domain.ports import Store
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import CALLS, CHANGED, LIMITS, STEPS, CommandMaker

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
        self.ways: Counter[str] = Counter()  # of the stores that were closed

    def _open(self, which: int) -> PostgresStore:
        return PostgresStore(self.address, zone_named, owner=f"store-{which}")

    def reopen(self, which: int) -> None:
        self.ways += self.stores[which].ways
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


# Limits that are full now and then, rather than most of the time.
ROOMY = tuple(replace(limit, amount=6 * limit.amount) for limit in LIMITS)


class Calls:
    """Plain calls, as programs make them: most commands are carried out, some find a limit full."""

    def __init__(self, chance: Random, make: CommandMaker) -> None:
        self._chance, self._make = chance, make
        self._number = 0
        self.open: list[str] = []

    def batch(self) -> list[c.Command]:
        return [self._command() for _ in range(self._chance.randint(1, 6))]

    def _command(self) -> c.Command:
        chance = self._chance
        self._number += 1
        if self.open and chance.randint(0, 9) < 5:
            return self._about(chance.choice(self.open))
        labels = chance.choice(CALLS)
        limits = applicable(ROOMY, labels)
        if chance.randint(0, 4) == 0:
            at = chance.choice((None, None, self._make._around - HOUR))
            return c.Record(f"r{self._number}", labels, self._few(), limits, at)
        event_id = f"c{self._number}" if chance.randint(0, 30) else "c1"
        self.open.append(event_id)
        lasts = chance.choice((MINUTE, HOUR))
        sent = chance.choice((False, True))
        return c.Reserve(event_id, labels, self._few(), limits, "alice", lasts, sent)

    def _few(self) -> Figures:
        amount, cost = self._chance.choice((0, 0, 1, 2)), self._chance.choice((None, 0, 1, 7))
        return Figures({"input_tokens": amount} if amount else {}, cost)

    def _about(self, event_id: str) -> c.Command:
        kind = self._chance.choice((c.Settle, c.Settle, c.Settle, c.Release, c.MarkSent, c.Extend,
                                    c.Assume))  # fmt: skip
        if kind is c.Extend:
            return c.Extend(event_id, HOUR)
        if kind is c.MarkSent:
            return c.MarkSent(event_id)
        self.open.remove(event_id)
        if kind is c.Settle:
            return c.Settle(event_id, self._few(), ROOMY)
        return c.Assume(event_id, ROOMY) if kind is c.Assume else c.Release(event_id)


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_calls_under_guards_mean_the_same(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    calls = Calls(chance, CommandMaker(chance, around=pair.clock.now()))
    pair.apply(0, [c.Watch(tuple(limit.account for limit in LIMITS))])
    steps = (0, 1, 1, SECOND, 7 * SECOND, MINUTE)
    for step in range(STEPS_A_SCRIPT):
        if chance.randint(0, 2):  # else some of them are refused, or have expired
            calls.open = [hold.id for hold in pair.model.holds()]
        commands = calls.batch()
        if chance.randint(0, 49) == 0:
            commands = [order(chance)]
        elif chance.randint(0, 29) == 0:
            commands.append(c.Sweep(limits=ROOMY))
        pair.apply(chance.randint(0, 1), commands)
        pair.clock._now += chance.choice(steps if chance.randint(0, 19) else STEPS)
        if step % 50 == 0:
            pair.compare(chance.randint(0, 1))
        if step % 100 == 99:
            pair.audit()
            pair.reopen(chance.randint(0, 1))
    pair.compare(0)
    pair.audit()
    ways = sum((store.ways for store in pair.stores), pair.ways)
    print(f"seed {seed}: {dict(pair.seen)}, {dict(ways)}")
    assert ways["conditional"] > STEPS_A_SCRIPT // 4
    assert ways["not decided again"] == 0
