"""A keeper through outages of its ledger, with changing prices. One seed gives one run.

The ledger fails at random: either nothing was written, or it was written and the answer was lost. The
program reserves calls, sends those that are admitted, and settles them. At the end every call that was
sent counts once, in its own period and at the price of that moment. Calls that the ledger could not
take wait in the spool and are booked once.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from quotakeeper import Keeper
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.pricing.prices import Priced
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import parse_window
from quotakeeper.engine.assembly import Engine, assemble
from quotakeeper.engine.call_builder import CallBuilder
from quotakeeper.engine.policies import Policies
from quotakeeper.errors import (
    LedgerError,
    LedgerUnavailableError,
    LimitExceeded,
    OutcomeUnknownError,
    UnpricedModelError,
)
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing import FakeClock
from tests.proof.ledgers_under_test import MEMORY
from tests.proof.parts import Part, Report, recorded

ORDER = 20
WEIGHT = 1
PROMISE = (
    "While the ledger does not answer, calls are denied or spooled, as configured. Every call "
    "that went out is counted once, at the price of its time. An unknown price is never a price "
    "of zero (I11, I14)."
)
PROMISE_VI = (
    "Khi sổ không trả lời, lượt gọi bị từ chối hoặc được ghi tạm, đúng như đã chọn. Mọi lượt gọi "
    "đã gửi được tính đúng một lần, theo giá lúc đó. Chưa có giá không bao giờ thành giá bằng "
    "không (I11, I14)."
)
HOUR = 3_600_000_000
MODELS = ("cheap", "dear", "nameless")
CALLS = 60
NOW = FakeClock("2026-11-23T22:00:00Z").now()


class HourlyPrices:
    """The prices of one model in one hour."""

    def __init__(self, model: str, hour: int) -> None:
        self._model, self._hour = model, hour
        self.since, self.until = hour * HOUR, (hour + 1) * HOUR

    def price(self, quantities: Quantities) -> Priced:
        if self._model == "nameless":
            return Priced(None, "", ("model",))
        rate = (3 if self._model == "cheap" else 700) * (self._hour % 100 + 1)
        return Priced(rate * quantities.get("input_tokens", 0), f"{self._model}@{self._hour}")


class Tariff:
    """Prices that double from one hour to the next. One model has no price."""

    def canonical_model(self, provider: str, model: str) -> str:
        return model

    def options_of(self, price_id: str) -> Mapping[str, str]:
        return {}

    def plan(self, provider: str, model: str, at: int, options: Mapping[str, str]) -> HourlyPrices:
        return HourlyPrices(model, at // HOUR)

    def highest(self, provider: str, quantities: Quantities, at: int) -> Priced:
        return HourlyPrices("dear", at // HOUR).price(quantities)


class KeeperOver(Keeper):
    """A keeper with an engine that the run has built."""

    def __init__(self, engine: Engine) -> None:
        self._drive(engine)


class Failing:
    """A store that sometimes does not answer."""

    def __init__(self, inner: Any, chance: Random, rate: float) -> None:
        self.inner, self.chance, self.rate = inner, chance, rate
        self.struck: Counter[str] = Counter()

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        how = self.chance.choice(("before", "after")) if self.chance.random() < self.rate else ""
        self.struck[how] += 1
        if how == "before":
            raise LedgerUnavailableError(self.inner.name, "is not there", "wait")
        outcomes: list[Outcomes] = self.inner.apply(commands, now)
        if how == "after":
            raise OutcomeUnknownError(self.inner.name, "the answer was lost", "ask again")
        return outcomes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class Sent:
    """A call that was sent: what it used, and when it was reserved."""

    model: str
    used: int
    at: int
    settled_at: int


@dataclass
class World:
    """One run: a keeper over a store that fails, and a record of what really happened."""

    chance: Random
    folder: Path
    out: dict[str, Sent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chance = self.chance
        self.clock = FakeClock("2026-11-23T22:00:00Z")
        self.policies = Policies(
            on_unpriced=chance.choice(("count_only", "refuse", "price_as_highest")),
            on_store_failure=chance.choice(("allow", "allow", "deny")),
            on_busy="refuse",  # a waiting call counts when it is admitted
        )
        self.limits = (
            Limit("day", "input_tokens", parse_window("day"), chance.choice((50, 10**6))),
            Limit("money", "cost", parse_window("day"), chance.choice((90_000, 10**12))),
        )
        self.in_memory = chance.random() < 0.7
        self.path = self.folder / "ledger.db"
        inner: Any = (
            MemoryStore(zone_named, owner="program") if self.in_memory else self._file("program")
        )
        self.store = Failing(inner, chance, chance.choice((0.0, 0.1, 0.5, 0.9)))
        self.keeper = self._keeper(self.store)

    def _file(self, owner: str) -> SqliteStore:
        return SqliteStore(self.path, zone_named, owner=owner, durability="process")

    def _keeper(self, store: Any) -> Keeper:
        reader = CallBuilder(self.limits, Tariff(), lambda _: None, self.policies)  # type: ignore[arg-type,return-value]
        return KeeperOver(assemble(
            store, reader, self.limits, UTC, self.clock, on_warning=lambda _: None,
            spool_beside=None if self.in_memory else self.path,
        ))  # fmt: skip

    def play(self) -> None:
        """Play some calls, then let the ledger answer again."""
        for number in range(CALLS):
            self.clock.advance(minutes=self.chance.choice((0, 1, 7, 61, 300)))
            self._call(f"call {number}")
        self.store.rate = 0.0
        self.keeper.status()
        self.clock.advance(hours=2)  # reservations whose answer was lost expire
        for _ in range(2):
            self.keeper.status()
        if not self.in_memory:
            self.keeper.close()
            self.keeper = self._keeper(self._file("next"))
            self.keeper.status()
            self.keeper._engine.worker.ask(lambda store, now: None)

    def _call(self, event_id: str) -> None:
        chance = self.chance
        model, most = chance.choice(MODELS), chance.choice((1, 5, 20))
        used = most * chance.choice((0, 1, 1, 1, 2, 1_000)) // chance.choice((1, 1, 3))
        given: dict[str, Any] = {"model": model, "event_id": event_id}
        at = self.clock.now()
        with suppress(LimitExceeded, UnpricedModelError, LedgerError):
            if chance.random() < 0.3:
                self.keeper.record("p", **given, input_tokens=used)
                self.out[event_id] = Sent(model, used, at, at)
                return
            call = self.keeper.reserve("p", **given, input_tokens=most)
            self.out[event_id] = Sent(model, used, at, at)
            self.clock.advance(minutes=chance.choice((0, 0, 90)))
            self._until_settled(call, used)

    def _until_settled(self, call: Any, used: int) -> None:
        for _ in range(200):
            with suppress(LedgerError):
                call.settle(input_tokens=used)
                return
        self.store.rate = 0.0
        call.settle(input_tokens=used)

    def wrong(self) -> list[str]:
        """Return every promise that does not hold."""
        events: dict[str, list[UsageEvent]] = {}
        for event in self.keeper.events():
            events.setdefault(event.id.partition("~")[0], []).append(event)
        wrong = [problem.what for problem in self.keeper.verify()]
        for event_id, sent in self.out.items():
            found = events.pop(event_id, [])
            if len(found) != 1:
                wrong.append(f"I14: {event_id} went out once and was counted {len(found)} times")
                continue
            wrong += self._event_is_wrong(event_id, sent, found[0])
        # A record whose answer was lost may be counted, although its caller was told that the
        # result is unknown.
        wrong += [
            f"I14: {x} did not go out and was counted" for x in events if not self._doubtful()
        ]
        if held := self.keeper.reservations():
            wrong.append(f"I7: {len(held)} still held")
        return wrong

    def _doubtful(self) -> bool:
        return self.policies.on_store_failure == "deny" and self.store.struck["after"] > 0

    def _event_is_wrong(self, event_id: str, sent: Sent, event: UsageEvent) -> list[str]:
        wrong = []
        if event.quantities.get("input_tokens", 0) != sent.used:
            wrong.append(f"I14: {event_id} used {sent.used} and was counted as {event.quantities}")
        priced = Tariff().plan("p", sent.model, event.at, {}).price({"input_tokens": sent.used})
        if priced.cost_pico is None and self.policies.on_unpriced == "price_as_highest":
            priced = Tariff().highest("p", {"input_tokens": sent.used}, event.at)
        if (event.cost_pico, event.price_id) != (priced.cost_pico, priced.price_id):
            wrong.append(f"I11: {event_id} costs {event.cost_pico} by {event.price_id!r} instead of "
                         f"{priced.cost_pico} by {priced.price_id!r}")  # fmt: skip
        if event.at != sent.at:
            wrong.append(f"I8: {event_id} was asked for at {sent.at} and counts at {event.at}")
        return wrong


def run(minutes: float, seed: int, report: Report) -> Part:
    """Play run after run until the time is over. Returns what the part found."""
    return endure(seed, lambda runs, spent: spent >= minutes * 60, report)


def endure(seed: int, enough: Callable[[int, float], bool], report: Report) -> Part:
    """Play runs until `enough(runs, seconds)` is true. Stops at the first run that breaks a promise."""
    began = time.perf_counter()
    found: list[str] = []
    counts: Counter[str] = Counter()
    runs = 0
    logging.getLogger("quotakeeper").setLevel(logging.CRITICAL)
    try:
        for failed in recorded("outages"):
            found += one(failed, counts)
        while not found and (runs == 0 or not enough(runs, time.perf_counter() - began)):
            found = one(seed + runs, counts)
            runs += 1
            if runs % 500 == 0:
                report(f"{runs} runs, {counts['calls']:,} calls")
    finally:
        logging.getLogger("quotakeeper").setLevel(logging.NOTSET)
    spent = round(time.perf_counter() - began, 1)
    told = ", ".join(f"{name}: {count:,}" for name, count in sorted(counts.items()))
    return Part(
        "outages", PROMISE, counts["calls"], found, seed, spent, (f"{runs:,} runs; {told}",)
    )


def one(seed: int, counts: Counter[str]) -> list[str]:
    """One run. Returns what it broke, with the command that repeats it."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        world = World(Random(seed), Path(folder))
        try:
            world.play()
            wrong = world.wrong()
        finally:
            world.keeper.close()
    counts["calls"] += CALLS
    counts["went out"] += len(world.out)
    counts["answers that failed"] += world.store.struck["before"] + world.store.struck["after"]
    repeat = f"REPRO: ./dev proof --seed {seed} --only outages"
    return [f"{each} ({world.policies}; {repeat})" for each in wrong]
