"""100,000 commands under guards mean the same as on SQLite: what programs and leases send.

Two stores share the ledger in PostgreSQL. What one of them has cached is always in danger, as both
write about the same calls. At least a fifth of the commands meets a full limit, and a twentieth is in
a batch whose guard failed. Limits are in four time zones, and the scripts cross the hour at which
California changes its clocks. Longer: QUOTAKEEPER_SAME_COMMANDS=1000000.
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX
from quotakeeper.domain.limits import Limit, applicable
from quotakeeper.domain.windows import SECOND
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import CALLS, LIMITS, STEPS
from tests.stores_postgres.same import Pair
from tests.stores_postgres.test_same_machine import order

COMMANDS = int(os.environ.get("QUOTAKEEPER_SAME_COMMANDS", "100000"))
SEED = int(os.environ.get("QUOTAKEEPER_SAME_SEED", "1"))
SCRIPTS = 4
AT_ONCE = 60  # commands in a batch, at most
# Limits that are never full. LIMITS are full most of the time.
WIDE = tuple(replace(limit, amount=4_000 * limit.amount) for limit in LIMITS)
RARELY = tuple(step for step in STEPS if step > -HOUR)
OFTEN = (0, 1, 1, SECOND, 7 * SECOND, MINUTE)


class Calls:
    """What programs send, at a time at which few or many calls find their limits full."""

    def __init__(self, chance: Random, around: int) -> None:
        self._chance, self._around = chance, around
        self._number = 0
        self.limits: tuple[Limit, ...] = WIDE
        self.who = 0  # the store that is told
        self.is_plain = True  # only about what the store has opened itself
        self.opened: tuple[list[str], list[str]] = [], []  # calls, by each store
        self.granted: tuple[list[str], list[str]] = [], []  # leases, by each store
        self.ended: list[str] = []

    def _of(self, by_store: tuple[list[str], list[str]]) -> list[str]:
        """What the store has opened itself; in a batch that is not plain, also the other's."""
        return by_store[self.who if self.is_plain else self._chance.randint(0, 1)]

    def _one(self, found: list[str]) -> str:
        """One of them; in a plain batch one of the newest, which the store surely has cached."""
        return self._chance.choice(found[-6:] if self.is_plain else found)

    def forget_ended(self, held: set[str]) -> None:
        """Forget calls that are not open any more."""
        for each in (*self.opened, *self.granted):
            each[:] = [event_id for event_id in each if event_id in held]

    def batch(self) -> list[c.Command]:
        self.is_plain = self.limits is WIDE and self._chance.randint(0, 9) > 0
        return [self._command() for _ in range(self._chance.randint(1, AT_ONCE))]

    def _command(self) -> c.Command:
        what = self._chance.randint(0, 99 if self.limits is WIDE else 199)
        if what < 12 and (leases := self._of(self.granted)):
            return self._drawn(leases)
        if what < 40 and (found := self._of(self.opened)):
            return self._about(found, self._one(found))
        if what < 46 and self.ended and not self.is_plain:
            return self._late(self._chance.choice(self.ended[-50:]))
        return self._new()

    def _new(self) -> c.Command:
        chance = self._chance
        self._number += 1
        labels = chance.choice(CALLS)
        limits = applicable(self.limits, labels)
        kind = chance.randint(0, 9)
        if kind < 2:
            at = chance.choice((None, None, self._around - HOUR))
            self.ended.append(f"r{self._number}")
            return c.Record(f"r{self._number}", labels, self._few(), limits, at)
        if self.is_plain and chance.randint(0, 19) == 0 and self.opened[1 - self.who]:
            taken = chance.choice(self.opened[1 - self.who])  # the other store has it
            return c.Reserve(taken, labels, self._few(), limits, "alice", HOUR)
        event_id = f"{LEASE_PREFIX}{self._number}" if kind == 2 else f"c{self._number}"
        (self.granted if kind == 2 else self.opened)[self.who].append(event_id)
        return c.Reserve(event_id, labels, self._few(4 if kind == 2 else 1), limits, "alice",
                         chance.choice((MINUTE, HOUR)), chance.choice((False, True)))  # fmt: skip

    def _few(self, times: int = 1) -> Figures:
        amount, cost = self._chance.choice((0, 1, 2, 3)), self._chance.choice((None, 0, 1, 7))
        return Figures({"input_tokens": times * amount} if amount else {}, cost)

    def _about(self, found: list[str], event_id: str) -> c.Command:
        chance = self._chance
        kinds = (c.Settle, c.Settle, c.Release, c.Extend, c.Assume, c.Grow, c.MarkSent)
        kind = chance.choice(kinds[:-1] if self.is_plain else kinds)
        if kind is c.Extend:
            return c.Extend(event_id, HOUR)
        if kind is c.MarkSent:
            return c.MarkSent(event_id)
        if kind is c.Grow:
            return c.Grow(event_id, self._few(), self.limits)
        found.remove(event_id)
        self.ended.append(event_id)
        if kind is c.Settle:
            return c.Settle(event_id, self._few(), self.limits)
        return c.Assume(event_id, self.limits) if kind is c.Assume else c.Release(event_id)

    def _late(self, event_id: str) -> c.Command:
        kind = self._chance.choice((c.Correct, c.Correct, c.Settle))
        return kind(event_id, self._few(), self.limits)

    def _drawn(self, leases: list[str]) -> c.Command:
        chance, lease = self._chance, self._one(leases)
        if chance.randint(0, 5) == 0:
            leases.remove(lease)
            return c.Release(lease) if chance.randint(0, 1) else c.Assume(lease, self.limits)
        self._number += 1
        self.opened[self.who].append(f"d{self._number}")
        at = chance.choice((None, None, self._around - MINUTE))
        return c.Draw(f"d{self._number}", lease, self._few(), "alice", HOUR, at,
                      chance.choice((False, True)))  # fmt: skip


@pytest.mark.parametrize("seed", range(SEED, SEED + SCRIPTS))
def test_calls_under_guards_mean_the_same(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    calls = Calls(chance, pair.clock.now())
    pair.apply(0, [c.Watch(tuple(limit.account for limit in LIMITS))])
    step = 0
    while pair.seen["commands"] < COMMANDS // SCRIPTS:
        step += 1
        calls.who = chance.randint(0, 1)
        calls.limits = (WIDE, LIMITS)[step // 20 % 2]
        calls._around = pair.clock.now()
        if step % 3 == 0:  # else some of them are refused, or have expired
            calls.forget_ended({hold.id for hold in pair.model.holds()})
        commands = calls.batch()
        if chance.randint(0, 79) == 0:
            commands = [order(chance)]
        elif chance.randint(0, 29) == 0:
            commands.append(c.Sweep(limits=calls.limits))
        pair.apply(calls.who, commands)
        pair.clock._now += chance.choice(OFTEN if chance.randint(0, 39) else RARELY)
        if step % 100 == 0:
            pair.compare(chance.randint(0, 1))
        if step % 400 == 399:
            pair.reopen(chance.randint(0, 1))
    pair.compare(0)
    pair.audit()
    seen, ways = pair.seen, pair.all_ways()
    print(f"seed {seed}: {dict(seen)}, {dict(ways)}")
    assert seen["Denied"] >= seen["commands"] / 5
    assert seen["commands that failed a guard"] >= seen["commands"] / 20
    assert ways["conditional"] + ways["nothing to write"] > 4 * ways["locked"]
    assert ways["not decided again"] == 0
