"""Random scripts of commands: all commands that a store can receive, in any order.

A `Chooser` is a `random.Random` with a seed, or a value of Hypothesis' `strategies.randoms()`. So
authors of other stores do not need Hypothesis. The scripts use few ids, labels and limits on
purpose, so that replays, conflicts and full limits are frequent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX
from quotakeeper.domain.limits import Limit, Mode, applicable
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, MINUTE, cap

T = TypeVar("T")
NOON = FakeClock().now()


class Chooser(Protocol):
    """A source of random choices, such as `random.Random`."""

    def choice(self, seq: Sequence[T], /) -> T:
        """Return one element of `seq`."""

    def randint(self, a: int, b: int, /) -> int:
        """Return a whole number from `a` to `b`, both included."""


_SCOPE = (("project", "phim-01"), ("team", "dịch"))
CALLS = (
    CallLabels("gemini", "gemini-2.0-flash", "translate"),
    CallLabels("gemini", "gemini-2.0-pro", "rewrite", _SCOPE),
    CallLabels("gemini", "", "rewrite", _SCOPE[:1]),
    CallLabels("deepgram", "nova-2", "speech_to_text"),
)
PACIFIC = "America/Los_Angeles"
# Every reservation names these hard limits, so admission must never exceed them.
LIMITS = (
    cap(60, "day"),
    cap(40, "day in California", timezone=PACIFIC),
    cap(25, "hour at Lord Howe", window="hour", timezone="Australia/Lord_Howe"),
    cap(50, "rolling hour", window="rolling 1h"),
    cap(30, "rolling 250s", window="rolling 250s"),
    cap(200, "month", window="month", timezone="Africa/Cairo"),
    cap(90, "week of flash", window="week", labels=CallLabels("gemini", "gemini-2.0*")),
    cap(35, "project", labels=CallLabels("", scope=_SCOPE[:1])),
    cap(70, "all tokens", meter="tokens"),
    cap(1_000, "money", meter="cost", labels=CallLabels("gemini")),
    cap(20, "soft", mode=Mode.SOFT, labels=CallLabels("", "", "rewrite")),
    cap(10, "shadow", mode=Mode.SHADOW, window="minute"),
)
# The same accounts with other amounts: raised and lowered limits.
CHANGED = tuple(
    Limit(f"{limit.name}, changed", limit.meter, limit.window, amount, limit.provider, limit.model,
          limit.operation, limit.scope, limit.mode, limit.timezone)
    for limit in LIMITS[:4]
    for amount in (0, limit.amount // 2, limit.amount * 3)
)  # fmt: skip
IDS = (*"abcdef", "’ 重", f"{LEASE_PREFIX}one", f"{LEASE_PREFIX}two")
OWNERS = ("alice", "bob", "carol")
# Steps of a clock in microseconds: mostly forward, sometimes back, often to the edge of a period.
STEPS = (
    0, 1, 1, SECOND, 7 * SECOND, MINUTE, 13 * MINUTE, 30 * MINUTE, HOUR, HOUR, 5 * HOUR,
    24 * HOUR, 8 * 24 * HOUR, -1, -MINUTE, -HOUR, -25 * HOUR,
)  # fmt: skip


class CommandMaker:
    """Makes random commands. Each id contains a generation number: usually `generation`, sometimes
    less.

    `around` is the instant near which late calls are dated, in microseconds since 1970 UTC.
    """

    def __init__(self, chance: Chooser, generation: int = 0, around: int = NOON) -> None:
        self._chance = chance
        self.generation = generation
        self._around = around

    def event_id(self) -> str:
        """Return an id, usually of the present generation."""
        generation = max(0, self.generation - self._chance.choice((0, 0, 0, 1, 2, 9)))
        return f"{self._chance.choice(IDS)} {generation}"

    def batch(self, at_most: int = 5) -> list[c.Command]:
        """Return 1 to `at_most` commands for one commit."""
        return [self.command() for _ in range(self._chance.randint(1, at_most))]

    def command(self) -> c.Command:
        """Return a random command of any kind."""
        make = self._chance.choice(
            (self.reserve, self.reserve, self.reserve, self.end, self.end, self.end, self.record,
             self.correct, self.watch, self.sweep, self.move, self.grow, self.draw)
        )  # fmt: skip
        return make()

    def figures(self) -> Figures:
        """Return figures with a small amount, with or without a cost."""
        chance = self._chance
        key = chance.choice(("input_tokens", "input_tokens", "input_tokens@audio", "output_tokens"))
        amount = chance.choice((0, 1, 2, 3, 5, 8, 13, 20, 25, 40))
        cost = chance.choice((None, 0, 10, 130, 999))
        return Figures({key: amount} if amount else {}, cost, note=chance.choice(("", "again")))

    def reserve(self) -> c.Command:
        """Return a command that makes a reservation and checks all limits that match the call.

        Sometimes a changed copy of a limit is checked too.
        """
        chance = self._chance
        labels = chance.choice(CALLS)
        limits = applicable(LIMITS, labels)
        if chance.randint(0, 3) == 0:
            limits += (chance.choice(CHANGED),)
        ttl_us = chance.choice((0, SECOND, MINUTE, HOUR, 48 * HOUR, 10**18))
        sent = chance.choice((False, True))
        return c.Reserve(
            self.event_id(), labels, self.figures(), limits, chance.choice(OWNERS), ttl_us, sent
        )

    def record(self) -> c.Command:
        """Return a command that records usage without a reservation, dated now or earlier."""
        chance = self._chance
        labels = chance.choice(CALLS)
        limits = applicable(LIMITS, labels)
        earlier = (None, None, -(10**18), -25 * HOUR, -MINUTE, HOUR)
        step = chance.choice(earlier)
        at = None if step is None else self._around + step
        return c.Record(self.event_id(), labels, self.figures(), limits, at)

    def grow(self) -> c.Command:
        """Return a command that increases a reservation. All limits are checked."""
        return c.Grow(self.event_id(), self.figures(), LIMITS)

    def draw(self) -> c.Command:
        """Return a command that counts a call on a reservation, which may be a lease."""
        chance = self._chance
        step = chance.choice((None, None, -HOUR, -1, MINUTE, 30 * HOUR))
        at = None if step is None else self._around + step
        return c.Draw(self.event_id(), self.event_id(), self.figures(), chance.choice(OWNERS),
                      chance.choice((0, MINUTE, HOUR)), at, chance.choice((False, True)))  # fmt: skip

    def end(self) -> c.Command:
        """Return a command that settles, releases or assumes a reservation."""
        chance, event_id = self._chance, self.event_id()
        kind = chance.choice((c.Settle, c.Settle, c.Release, c.Assume))
        if kind is c.Settle:
            return c.Settle(event_id, self.figures(), LIMITS)
        if kind is c.Release:
            return c.Release(event_id)
        return c.Assume(event_id, chance.choice(((), LIMITS)))

    def move(self) -> c.Command:
        """Return a command that marks a reservation as sent, or extends it."""
        chance, event_id = self._chance, self.event_id()
        if chance.randint(0, 2):
            return c.MarkSent(event_id)
        return c.Extend(event_id, chance.choice((0, MINUTE, HOUR)))

    def correct(self) -> c.Command:
        """Return a command that corrects a counted call."""
        return c.Correct(self.event_id(), self.figures(), self._chance.choice(((), LIMITS)))

    def watch(self) -> c.Command:
        """Return a command that makes a store keep balances for some accounts."""
        chosen = [self._chance.choice(LIMITS) for _ in range(self._chance.randint(1, 4))]
        return c.Watch(tuple(limit.account for limit in chosen))

    def sweep(self) -> c.Command:
        """Return a command that ends abandoned reservations, sometimes those of ended processes."""
        chance = self._chance
        dead = frozenset(owner for owner in OWNERS if chance.randint(0, 4) == 0)
        read, unread, away = (
            frozenset(self.event_id() for _ in range(chance.randint(0, 3))) for _ in range(3)
        )
        at_most, limits = chance.choice((0, 1, 2, 1_000)), chance.choice(((), LIMITS))
        return c.Sweep(dead, at_most, limits, read, unread, away)
