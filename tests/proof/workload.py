"""Random commands that are hard on a ledger, and not typical.

A world has a few limits (none, tiny, exact, enormous), a few callers, and a habit. Reservations ask for
exactly what is left, or for one more or less. Ids and whole commands are repeated, up to twenty times.
Settlements differ by factors of 0, 1, 1.001 and 1000, or are missing, negative, or 2^63. Calls end
late, twice, or never. Texts are empty, very long or full of control characters.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit, Mode, applicable
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance
from quotakeeper.domain.windows import parse_window
from tests.proof.second_ledger import LEASE, SecondLedger

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
YEAR = 365 * DAY

SCOPE = (("project", "phim-01"), ("team", "dịch"))
CALLS = (
    CallLabels("gemini", "gemini-2.0-flash", "translate"),
    CallLabels("gemini", "gemini-2.0-pro", "rewrite", SCOPE),
    CallLabels("gemini", "", "rewrite", SCOPE[:1]),
    CallLabels("deepgram", "nova-2", "speech_to_text"),
    CallLabels("nobody", "no such model | & = \\", "’ 重"),
)
UNFIT = (CallLabels(""), CallLabels("gemini", "\x1b[31m"), CallLabels("gemini", "m", "x" * 257),
         CallLabels("gemini", "m", "o", (("a", "1"), ("a", "2"))))  # fmt: skip
WINDOWS = ("minute", "hour", "day", "week", "month", "rolling 1s", "rolling 97s", "rolling 1h",
           "rolling 24h", "rolling 30d")  # fmt: skip
ZONES = ("UTC", "America/Los_Angeles", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu",
         "Asia/Ho_Chi_Minh")  # fmt: skip
METERS = ("input_tokens", "input_tokens", "tokens", "cost", "requests", "audio_minutes")
AMOUNTS = (0, 1, 2, 10, 37, 100, 100, 1_000, 10**6, 2**53 + 1, 2**62)
# Shortly before clock changes, before midnights that do not exist, and on an ordinary day.
STARTS = (
    1_805_007_600 * SECOND,  # 2027-03-14 07:00 UTC: three hours before California loses an hour
    1_825_565_400 * SECOND,  # 2027-11-06 19:50 UTC: before California gains an hour
    1_808_776_500 * SECOND,  # 2027-04-26 21:15 UTC: days before Cairo's skipped midnight
    1_790_955_000 * SECOND,  # 2026-10-02 14:50 UTC: before Lord Howe moves by half an hour
    1_795_435_200 * SECOND,
)
STEPS = (
    0,
    0,
    0,
    0,
    1,
    1,
    1,
    1_000,
    SECOND,
    SECOND,
    7 * SECOND,
    MINUTE,
    13 * MINUTE,
    HOUR,
    5 * HOUR,
)
LEAPS = (DAY, 8 * DAY, 31 * DAY, 400 * DAY, -1, -SECOND, -HOUR, -DAY, -YEAR, 8 * HOUR + 1)
LIES: tuple[Callable[[int], int], ...] = (
    lambda n: 0, lambda n: n, lambda n: n, lambda n: n, lambda n: n * 1_001 // 1_000 + 1,
    lambda n: n * 1_000, lambda n: -n, lambda n: 2**63, lambda n: n // 2,
)  # fmt: skip
NAMES = ("", "\x00", "x" * 257, "y" * 256, "tab\there", "a~2", "đ’重")


class World:
    """The limits, callers and habits of one run."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.limits = tuple(self._limit(number) for number in range(chance.choice((1, 2, 3, 5, 8))))
        self.lasting = tuple(x for x in self.limits if x.mode is Mode.HARD)
        self.start = chance.choice(STARTS)
        self.bound = {labels: applicable(self.limits, labels) for labels in (*CALLS, *UNFIT)}
        self.tries = chance.choice((0.02, 0.1, 0.4))  # how often a command is repeated
        self.leaps = chance.choice((0.001, 0.01, 0.1))

    def _limit(self, number: int) -> Limit:
        chance = self.chance
        labels = chance.choice(CALLS)
        model = chance.choice(
            ("", "", labels.model, labels.model[:-2] + "*" if labels.model else "")
        )
        mode = chance.choice((Mode.HARD, Mode.HARD, Mode.HARD, Mode.HARD, Mode.SOFT, Mode.SHADOW))
        marks = chance.choice(((), (Decimal(1),), (Decimal("0.8"), Decimal("0.95"), Decimal(1))))
        return Limit(
            f"limit {number}", chance.choice(METERS), parse_window(chance.choice(WINDOWS)),
            chance.choice(AMOUNTS), chance.choice(("", labels.provider)), model,
            chance.choice(("", "", labels.operation)), chance.choice(((), (), labels.scope[:1])),
            mode, chance.choice(ZONES), marks,
        )  # fmt: skip

    def later(self, now: int) -> int:
        """The next time of the clock: mostly a little later, sometimes anywhere."""
        chance = self.chance
        if chance.random() < self.leaps:
            now += chance.choice(LEAPS)
            if chance.random() < 0.4:  # exactly at a period's edge, or one microsecond off
                length = chance.choice((MINUTE, HOUR, DAY))
                now = now // length * length + chance.choice((-1, 0, 1))
            return max(now, 0)
        return now + chance.choice(STEPS)


class Workload:
    """Makes the commands of one run. It reads the second ledger to find amounts near the limits."""

    def __init__(self, world: World, second: SecondLedger, owners: list[str]) -> None:
        self._world, self._chance, self._second, self.owners = world, world.chance, second, owners
        self._recent: list[c.Command] = []
        self._ids: list[str] = ["never"]
        self._number = 0
        self._makers: tuple[Callable[[], c.Command], ...] = (
            *[self.reserve] * 8, *[self.settle] * 6, *[self.sent] * 3, *[self.record] * 2,
            *[self.draw] * 2, self.grow, self.release, self.assume, self.extend, self.correct,
            self.sweep, self.watch,
        )  # fmt: skip

    def batch(self) -> list[c.Command]:
        """The commands of one commit."""
        size = self._chance.choice((1, 1, 1, 1, 2, 3, 8))
        return [self.command() for _ in range(size)]

    def command(self) -> c.Command:
        """A new command, or an earlier one again."""
        chance, recent = self._chance, self._recent
        if recent and chance.random() < self._world.tries:
            return recent[int(chance.random() * len(recent))]
        made = self._makers[int(chance.random() * len(self._makers))]()
        if len(recent) < 40:
            recent.append(made)
        else:
            recent[int(chance.random() * 40)] = made
        return made

    def reserve(self) -> c.Command:
        chance = self._chance
        labels = CALLS[int(chance.random() * 5)] if chance.random() < 0.99 else chance.choice(UNFIT)
        limits = self._world.bound[labels]
        ttl = chance.choice((HOUR, HOUR, MINUTE, 48 * HOUR, 0, 10**18))
        owner = chance.choice(self.owners)
        return c.Reserve(self._new_id(), labels, self._asked(labels, limits), limits, owner, ttl)

    def _asked(self, labels: CallLabels, limits: tuple[Limit, ...]) -> Figures:
        chance = self._chance
        kind = chance.random()
        if kind < 0.75 or not limits:
            return self._figures(chance.choice((0, 1, 1, 2, 3, 5, 8, 13, 20)))
        if kind < 0.97:  # exactly what is left, or one more or less
            limit = chance.choice(limits)
            second = self._second
            used, held, _ = second.total(second.sums_of(limit.account), max(second.written_at, 0))
            left = max(0, limit.amount - used - held) + chance.choice((-1, 0, 0, 1))
            if limit.meter == "cost":
                return Figures({"input_tokens": 1}, left)
            return Figures({limit.account.meter.replace("tokens", "output_tokens")
                            if limit.meter == "tokens" else limit.account.meter: left}, 1)  # fmt: skip
        return self._figures(chance.choice((10**12, 10**12 + 1, -1, 2**63, 2**31)))

    def _figures(self, amount: int) -> Figures:
        chance = self._chance
        key = chance.choice(("input_tokens", "input_tokens", "input_tokens@audio", "output_tokens",
                             "thought_tokens", "audio_milliseconds"))  # fmt: skip
        cost = chance.choice((None, 0, amount, 7 * amount, 999))
        if chance.random() < 0.01:
            cost = chance.choice((2**62, 2**63 - 1, 2**63))
        price = "" if cost is None else f"price {chance.randint(1, 3)}"
        return Figures({key: amount, "requests": 1} if amount else {"requests": 1}, cost, price)

    def _new_id(self) -> str:
        chance = self._chance
        if chance.random() < 0.01:
            return chance.choice(NAMES)
        if chance.random() < 0.06:
            return self._some_id()
        self._number += 1
        made = f"call {self._number}"
        if chance.random() < 0.15:
            made = f"{LEASE}{self._number}"
        if len(self._ids) < 60:
            self._ids.append(made)
        else:
            self._ids[int(chance.random() * 60)] = made
        return made

    def _some_id(self) -> str:
        chance = self._chance
        if self._second.open and chance.random() < 0.5:  # an open one, most likely a new one
            return next(reversed(self._second.open))
        return self._ids[int(chance.random() * len(self._ids))]

    def settle(self) -> c.Command:
        chance = self._chance
        id_ = self._some_id()
        call = self._second.calls.get(id_)
        if call is None or chance.random() < 0.05:
            return c.Settle(id_, self._figures(chance.randint(0, 9)), self._world.limits)
        lie = chance.choice(LIES)
        opening = call.opening
        if chance.random() < 0.05:
            return c.Settle(id_, Figures(), self._world.limits)  # the figures are missing
        quantities = {key: lie(n) for key, n in opening.quantities.items()}
        cost = None if opening.cost_pico is None else lie(opening.cost_pico)
        figures = Figures(quantities, cost, opening.price_id, note="as reported")
        return c.Settle(id_, figures, self._world.bound.get(call.labels, ()))

    def record(self) -> c.Command:
        chance = self._chance
        id_, labels = self._new_id(), chance.choice(CALLS)
        if chance.random() < 0.15:  # an existing id, with the same call or nearly the same
            id_ = self._some_id()
            labels = self._second.calls[id_].labels if id_ in self._second.calls else labels
        figures = self._figures(chance.choice((0, 1, 5, 40)))
        return c.Record(id_, labels, figures, self._world.bound.get(labels, ()), self._earlier())

    def _earlier(self) -> int | None:
        """The time of a use that is recorded now: most often now."""
        chance = self._chance
        if chance.random() < 0.7:
            return None
        return self._second.written_at + chance.choice(
            (-1, -HOUR, -25 * HOUR, -YEAR, HOUR, -(10**18))
        )

    def grow(self) -> c.Command:
        id_ = self._some_id()
        call = self._second.calls.get(id_)
        limits = self._world.limits  # the ledger chooses those that match
        return c.Grow(id_, self._asked(CALLS[0] if call is None else call.labels, limits), limits)

    def draw(self) -> c.Command:
        chance = self._chance
        figures = self._figures(chance.choice((0, 1, 2, 5, 20)))
        owner, ttl = chance.choice(self.owners), chance.choice((0, MINUTE, DAY))
        open_only = chance.random() < 0.5
        return c.Draw(
            self._new_id(), self._some_id(), figures, owner, ttl, self._earlier(), open_only
        )

    def correct(self) -> c.Command:
        given: Any = {"provenance": Provenance.REPORTED, "outcome": Outcome.OK, "note": "corrected"}
        key, amount = "input_tokens", self._chance.choice((0, 1, 7, 10**12))
        figures = Figures({key: amount}, amount, "price 2", **given)
        return c.Correct(self._some_id(), figures, self._some_limits())

    def sent(self) -> c.Command:
        return c.MarkSent(self._some_id())

    def release(self) -> c.Command:
        return c.Release(self._some_id())

    def assume(self) -> c.Command:
        return c.Assume(self._some_id(), self._some_limits())

    def extend(self) -> c.Command:
        return c.Extend(self._some_id(), self._chance.choice((0, MINUTE, DAY, 10**18)))

    def sweep(self) -> c.Command:
        dead = frozenset(owner for owner in self.owners if self._chance.random() < 0.05)
        at_most = self._chance.choice((0, 1, 2, 1_000, 1_000))
        read, unread = self._some_leases(), self._some_leases()
        return c.Sweep(dead, at_most, self._some_limits(), read, unread)

    def _some_leases(self) -> frozenset[str]:
        """Leases whose journal another process has read, or could not read."""
        there = [id_ for id_ in self._second.open if id_.startswith(LEASE)]
        return frozenset(id_ for id_ in there if self._chance.random() < 0.4)

    def _some_limits(self) -> tuple[Limit, ...]:
        """All limits, or none, as old spool files do."""
        return self._world.limits if self._chance.random() < 0.7 else ()

    def watch(self) -> c.Command:
        limits = self._world.limits
        return c.Watch((self._chance.choice(limits).account,))
