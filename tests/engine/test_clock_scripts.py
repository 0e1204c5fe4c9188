"""Random clock faults, by seed: quota is granted once per day of true time, whatever the clocks show.

The boot clock is the true time here. The bound allows a day to begin at most five minutes early.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.domain.windows import SECOND
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

AMOUNT = 3
BOUND = 300 * SECOND
DAY = 86_400 * SECOND
TTL = 1_800
STEPS = (1, -1, 240 * SECOND, -240 * SECOND, 360 * SECOND, -360 * SECOND, 3_600 * SECOND,
         -3_600 * SECOND, 3_650 * DAY, -3_650 * DAY, 2 * DAY, -DAY)  # fmt: skip
PASSES = (SECOND, 60 * SECOND, 1_000 * SECOND, 7_200 * SECOND, 30_000 * SECOND)


class Machine:
    """Two processes, one with a clock 40 s ahead, and the calls that were admitted by true time."""

    def __init__(self, path: Path, chance: Random) -> None:
        self.chance = chance
        self.first = FakeClock("2026-11-23T23:50:00Z")
        self.clocks = [self.first, self.first.beside(seconds=40)]
        self.right = [clock._now - (clock.boot() or 0) for clock in self.clocks]
        self.true_zero = self.right[0]
        self.keepers = [self._open(path, clock) for clock in self.clocks]
        self.path = path
        self.admitted: list[tuple[int, int]] = []  # (true time, ledger time)
        # Reservations made under a right clock: since when, and by which process.
        self.open: dict[str, tuple[int, int]] = {}
        self.calls: dict[str, object] = {}

    def _open(self, path: Path, clock: FakeClock) -> Keeper:
        settings = config(limit(AMOUNT), limit(10**6, name="soft", mode="soft"), on_busy="refuse")
        return Keeper(path, settings, "process", clock=clock, on_warning=lambda verdict: None)

    @property
    def true(self) -> int:
        """True time, microseconds since 1970 UTC."""
        return self.true_zero + (self.first.boot() or 0)

    def is_right(self, number: int) -> bool:
        clock = self.clocks[number]
        return abs(clock._now - (clock.boot() or 0) - self.right[number]) <= BOUND

    def step(self) -> None:
        """Run one random clock event."""
        what, number = self.chance.random(), self.chance.randrange(2)
        clock = self.clocks[number]
        if what < 0.25:
            clock._now += self.chance.choice(STEPS)
        elif what < 0.45:  # the clock is right again
            clock._now = (clock.boot() or 0) + self.right[number]
        elif what < 0.9:
            passes = self.chance.choice(PASSES)
            suspended = self.chance.random() < 0.2
            frozen = self.chance.random() < 0.1
            for each in self.clocks:
                each._now += 0 if frozen and each is clock else passes
                each._boot += passes
                each._monotonic += 0 if suspended else passes / SECOND
        else:  # a new process; the old process's open calls end
            self.keepers[number].close()
            self.open = {id_: each for id_, each in self.open.items() if each[1] != number}
            self.keepers[number] = self._open(self.path, clock)

    def call(self) -> None:
        """Make a call: admitted or refused, and settled at once or left open."""
        number = self.chance.randrange(2)
        keeper, right = self.keepers[number], self.is_right(number)
        try:
            call = keeper.reserve("gemini", ttl_seconds=TTL, sent=True)
        except LimitExceeded:
            return
        assert call.hold is not None
        self.admitted.append((self.true, call.hold.at))
        if self.chance.random() < 0.7:
            call.settle(requests=1)
        elif right:
            self.open[call.id] = self.true, number
            self.calls[call.id] = call  # keeps a reference, because a dropped call is released

    def check(self) -> None:
        """Check that nothing was granted twice, nothing expired early, and no period was opened again."""
        keeper = self.keepers[0]
        is_open = {hold.id for hold in keeper.reservations()}
        for id_, (since, _) in list(self.open.items()):
            if id_ not in is_open:
                del self.open[id_]
                early = since + TTL * SECOND - self.true
                assert early <= 2 * BOUND, f"{id_} expired {early} us early"
        days = Counter(at // DAY for _, at in self.admitted)
        assert max(days.values(), default=0) <= AMOUNT, days
        for true, at in self.admitted:
            assert at <= true + BOUND + 40 * SECOND, (true, at)
        allowed = ((self.true + BOUND + 40 * SECOND) // DAY - FIRST_DAY + 1) * AMOUNT
        assert len(self.admitted) <= allowed


FIRST_DAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) // 86_400


@pytest.mark.parametrize("number", range(int(os.environ.get("QUOTAKEEPER_CLOCK_SCRIPTS", "15"))))
def test_quota_is_granted_once_whatever_clocks_do(tmp_path: Path, number: int) -> None:
    seed = 20261130 + number
    print("seed", seed)
    machine = Machine(tmp_path / "ledger.db", Random(seed))
    for _ in range(60):
        machine.step()
        for _ in range(machine.chance.randint(0, 4)):
            machine.call()
        machine.check()
    keeper = machine.keepers[0]
    entries = list(keeper.entries())
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert keeper.verify() == []
    assert len(machine.admitted) > AMOUNT, "it does not refuse everything"
    for each in machine.keepers:
        each.close()
