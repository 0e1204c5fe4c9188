"""SQLite and a plain model in memory run the same random commands and must give the same results.

Two stores share one file in turn, so each store's cache can be out of date. One store fetches all rows
of a batch in advance; the other fetches them one by one. The test closes and opens the stores, and
moves the clock across midnights and daylight saving changes, and back. A longer run:
QUOTAKEEPER_MODEL_EXAMPLES=2000 pytest tests/stores/test_against_the_model.py
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.ports import EventQuery
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sql import balances
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.strategies import CALLS, CHANGED, LIMITS, STEPS, CommandMaker

EXAMPLES = int(os.environ.get("QUOTAKEEPER_MODEL_EXAMPLES", "120"))
# Seven hours before California's daylight saving change, shortly before a UTC midnight.
START = "2027-03-13T23:50:00Z"
# A folder in memory if there is one, because this test is about results and not about the disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
BALANCES = """
SELECT a.key, b.start_at, b.settled, b.reserved, b.overage
FROM balance AS b JOIN account AS a USING (account_id)
WHERE b.settled OR b.reserved OR b.overage
"""


def comparable(outcomes: list[c.Outcomes]) -> list[object]:
    """Outcomes with each error as its text, because two exceptions are never equal."""
    return [
        (type(o.error), str(o.error)) if isinstance(o, c.Failed) else o for o in outcomes
    ]  # fmt: skip


class Prefetching(SqliteStore):
    """Fetches all rows of every batch in advance."""

    prefetch_from = 1

    def _opened(self):
        state = super()._opened()
        state.prefetch_from = self.prefetch_from
        return state


class RowByRow(Prefetching):
    """Never fetches rows in advance."""

    prefetch_from = 10**9


class Pair:
    """A model, and a file with two stores on it. All get the same commands."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.db"
        self.clock = FakeClock(START)
        self.model = MemoryStore(zone_named)
        self.stores = [self._open(0), self._open(1)]

    def _open(self, which: int) -> SqliteStore:
        kind = (Prefetching, RowByRow)[which]
        return kind(self.path, zone_named, owner=f"store-{which}", durability="process")

    def reopen(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = self._open(which)

    def apply(self, which: int, commands: list[c.Command]) -> list[c.Outcomes]:
        now = self.clock.now()
        before = list(self.model.entries())
        expected = self.model.apply(commands, now)
        found = self.stores[which].apply(commands, now)
        assert comparable(found) == comparable(expected)
        if all(isinstance(o, c.Denied | c.Failed) for o in expected):
            assert list(self.model.entries()) == before
        return found

    def compare(self, which: int) -> None:
        now, store = self.clock.now(), self.stores[which]
        limits = LIMITS + CHANGED
        standing = self.model.verdicts(limits, now)
        assert store.verdicts(limits, now) == standing
        assert store.holds() == self.model.holds()
        newest_first = bool(now % 2)
        query = EventQuery(newest_first=newest_first, since=now - 86_400_000_000)
        assert list(store.events(query)) == list(self.model.events(query))
        assert list(store.entries()) == list(self.model.entries())
        self._limits_hold(now)

    def audit(self) -> None:
        assert self.model.verify() == []
        assert self.stores[0].verify() == []
        state = self.model._state
        kept = {
            (key, start, part.settled, part.reserved, part.overage)
            for key, slices in state._balances.items()
            for start, part in slices.items()
            if part.settled or part.reserved or part.overage
        }
        with closing(sqlite3.connect(self.path)) as connection:
            assert set(connection.execute(BALANCES).fetchall()) == kept

    def _limits_hold(self, now: int) -> None:
        state = self.model._state
        now = max(now, state.high_water)
        for limit in LIMITS:
            totals = state.totals(limit.account, now)
            assert totals.settled >= 0 and totals.reserved >= 0
            if limit.mode is Mode.HARD:
                assert totals.settled - totals.overage + totals.reserved <= limit.amount
        for limit in LIMITS:
            # The reserved amount is the sum of the open reservations, so the window must cover all
            # periods.
            balances = state._balances.get(limit.account.key)
            if balances is None:
                continue
            since = state.accounts[limit.account.key][1]
            held = sum(
                sum(v for k, v in hold.quantities.items() if k.startswith("input_tokens"))
                for hold in state.holds()
                if limit.matches(hold.labels) and state.slice_start(limit.account, hold.at) >= since
            )
            if limit.meter == "input_tokens":
                assert sum(part.reserved for part in balances.values()) == held

    def close(self) -> None:
        for store in self.stores:
            store.close()


class LedgerMachine(RuleBasedStateMachine):
    """Hypothesis finds the shortest script of commands for which SQLite and the model differ."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=MEMORY)
        self.pair = Pair(Path(self.folder.name))
        self.steps = 0

    which = st.integers(0, 1)

    def make(self, chance):
        return CommandMaker(chance, generation=self.steps // 5)

    @rule(which=which, chance=st.randoms(use_true_random=False))
    def carry_out(self, which, chance):
        self.pair.apply(which, self.make(chance).batch())

    @rule(which=which, chance=st.randoms(use_true_random=False))
    def a_whole_call(self, which, chance):
        make = self.make(chance)
        (outcome,) = self.pair.apply(which, [make.reserve()])
        if isinstance(outcome, c.Reserved):
            self.pair.apply(1 - which, [c.Settle(outcome.hold.id, make.figures(), LIMITS)])

    @rule(which=which, labels=st.sampled_from(CALLS), chance=st.randoms(use_true_random=False))
    def ask(self, which, labels, chance):
        figures, now = self.make(chance).figures(), self.pair.clock.now()
        expected = self.pair.model.check(labels, figures, LIMITS, now)
        assert self.pair.stores[which].check(labels, figures, LIMITS, now) == expected

    @rule(step=st.sampled_from(STEPS))
    def let_time_pass(self, step):
        self.pair.clock._now += step

    @rule(which=which)
    def open_again(self, which):
        self.pair.reopen(which)

    @rule(which=which)
    def compare(self, which):
        self.pair.compare(which)

    @precondition(lambda self: self.steps % 4 == 0)
    @invariant()
    def everything_follows_from_the_journal(self):
        self.pair.audit()

    @invariant()
    def count(self):
        self.steps += 1

    def teardown(self):
        for which in (0, 1):
            self.pair.compare(which)
        self.pair.audit()
        self.pair.close()
        self.folder.cleanup()


TestLedgerAgainstTheModel = LedgerMachine.TestCase
TestLedgerAgainstTheModel.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("most_slices", [1_000, 2])
def test_long_scripts_give_the_same_results(most_slices, monkeypatch):
    """Seeded random scripts of many steps; the test with Hypothesis has shorter ones."""
    monkeypatch.setattr(balances, "_MOST_SLICES", most_slices)
    for seed in range(max(2, EXAMPLES // 20)):
        chance = Random(seed)
        folder = TemporaryDirectory(dir=MEMORY)
        pair = Pair(Path(folder.name))
        make = CommandMaker(chance)
        for step in range(250):
            make.generation = step // 5
            pair.apply(chance.randint(0, 1), make.batch())
            pair.clock._now += chance.choice(STEPS)
            if step % 10 == 0:
                pair.compare(chance.randint(0, 1))
            if step % 50 == 0:
                pair.audit()
                pair.reopen(chance.randint(0, 1))
        pair.audit()
        pair.close()
        folder.cleanup()
