"""One run on a fake server: stores that are told random commands, and the pure rules as their judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.limits import Mode
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sql.codec import entry_row
from quotakeeper.stores.sql.interned import scope_text
from quotakeeper.testing.ledger_case import HOUR, MINUTE
from quotakeeper.testing.strategies import LIMITS, NOON, CommandMaker
from tests.proof.fake_server.server import FakeServer, Losses, new_store, serving

STEPS = 150
STORES = ("one", "two", "three")
# Microseconds between two calls, and by how much the clock of a host is beside that of the server.
_TIMES = (0, 1, 1_000, 1_000_000, 7_000_000, MINUTE, 13 * MINUTE, HOUR)
_APART = (0, 0, 1, -1, 1_500_000, -1_500_000)


class BrokenError(AssertionError):
    """A promise was broken."""


@dataclass
class Call:
    """One call of `apply`: its commands, and what the pure rules said at its commit."""

    commands: list[c.Command]
    store: PostgresStore
    expected: list[list[c.Outcomes]] = field(default_factory=list)


class Maker(CommandMaker):
    """Commands about calls that happen now."""

    def command(self) -> c.Command:
        if self._chance.randint(0, 59) == 0:
            return self.sweep()
        make = self._chance.choice(
            (self.reserve, self.reserve, self.reserve, self.end, self.end, self.end, self.record,
             self.correct, self.move, self.grow)
        )  # fmt: skip
        return make()

    def record(self) -> c.Command:
        made = super().record()
        assert isinstance(made, c.Record)
        return c.Record(made.id, made.labels, made.figures, made.limits)

    def sweep(self) -> c.Command:
        return c.Sweep(frozenset(), self._chance.choice((0, 1, 1_000)), LIMITS)


class Run:
    """One server, some stores on it, and the pure rules beside it."""

    def __init__(self, seed: int, counts: Counter[str], dropped: str = "") -> None:
        self.chance = Random(seed)
        self.counts = counts
        self.losses = Losses(self.chance)
        self.server = FakeServer(self.losses)
        self.server.dropped = dropped
        self.server.clock = NOON + self.chance.randrange(86_400) * 1_000_000
        self.server.committed, self.server.asked = self._committed, self._asked
        self.server.others, self.server.seen_version = self._overtake, self._seen_version
        self.model = MemoryStore(zone_named)
        self.maker = Maker(self.chance, around=self.server.clock)
        self.stores = [new_store(name) for name in STORES]
        self._calls: dict[str, Call] = {}  # by the names of their batches
        self._under_way: list[Call] = []
        self.acknowledged: set[str] = set()

    def play(self) -> None:
        """Play one script, and judge it."""
        with serving(self.server):
            rate, self.losses.rate = self.losses.rate, 0.0
            self._apply(self.stores[0], [c.Watch(tuple(limit.account for limit in LIMITS))])
            self.losses.rate = rate
            for step in range(STEPS):
                self.maker.generation = step // 3
                self.server.clock += self.chance.choice(_TIMES)
                self._apply(self.chance.choice(self.stores), self.maker.batch())
            self.server.deliver_late()
            self._audit()
        for store in self.stores:
            self.counts["commits under guards"] += store.ways["conditional"]
            self.counts["failed guards"] += sum(
                count for way, count in store.ways.items() if way.startswith("guard")
            )
        for kind, count in self.losses.counts.items():
            self.counts[kind] += count

    def _overtake(self) -> None:
        if len(self._under_way) > 1:
            return
        others = [each for each in self.stores if each is not self._under_way[0].store]
        self._apply(self.chance.choice(others), self.maker.batch())

    def _seen_version(self) -> int:
        return self._under_way[-1].store._watch.seen.position.version

    # -- one call

    def _apply(self, store: PostgresStore, commands: list[c.Command]) -> None:
        call, server = Call(commands, store), self.server
        self._under_way.append(call)
        self.counts["commands"] += len(commands)
        stale, found = server.stale_reads, server.found_batches
        server.is_back = False
        try:
            outcomes = store.apply(commands, server.clock + self.chance.choice(_APART))
        except (OutcomeUnknownError, LedgerUnavailableError) as error:
            self.counts[type(error).__name__] += 1
            self._refused(call, error)
        else:
            self._answered(call, outcomes, is_stale=server.stale_reads > stale,
                           is_found=server.found_batches > found)  # fmt: skip
        finally:
            self._under_way.pop()
        self._noticed(store)

    def _noticed(self, store: PostgresStore) -> None:
        """A reader that got an older ledger than it had seen must refuse hard limits from then on."""
        went_back = store._watch.seen.doubt is not None
        if self.server.is_back != went_back:
            raise BrokenError(
                f"a ledger that went back: {self.server.is_back}, noticed: {went_back}"
            )
        if went_back:  # an operator looks, and starts the process anew
            self.counts["went back, noticed"] += 1
            store._disconnect()
            self.stores[self.stores.index(store)] = new_store(store.owner)
        self.server.is_back = False

    def _asked(self, batch: str) -> None:
        self._calls.setdefault(batch, self._under_way[-1])

    def _committed(self, batch: str, now: int) -> None:
        """The server committed a batch: the pure rules must write the same, and only once."""
        call = self._calls[batch]
        if call.expected:
            raise BrokenError(f"counted twice: {call.commands}")
        seq = self.server.tables.head.seq
        before = len(self.model._journal)
        self.model.set_doubt(call.store._watch.doubt)  # type: ignore[arg-type]
        call.expected.append(self.model.apply(call.commands, now))
        wrote = [entry_row(each, self._numbers()) for each in self.model._journal[before:]]
        there = [self.server.tables["entry"][n] for n in range(before + 1, seq + 1)]
        if wrote != there:
            raise BrokenError(f"the rules write {wrote} instead of {there} for {call.commands}")
        self.counts["commits"] += 1
        for limit in LIMITS:
            if limit.mode is Mode.HARD and not limit.window.is_rolling:
                self._is_kept(limit.account.key, limit.amount, limit.name)

    def _is_kept(self, key: str, most: int, name: str) -> None:
        tables = self.server.tables
        for number, account in tables["account"].items():
            if account[0] != key:
                continue
            for (of, _), (settled, reserved, overage) in tables["balance"].items():
                if of == number and settled - overage + reserved > most:
                    self.counts["over"] += 1
                    raise BrokenError(f"limit {name} of {most} passed: {settled}, {reserved}")

    def _refused(self, call: Call, error: Exception) -> None:
        if call.expected and not isinstance(error, OutcomeUnknownError):
            raise BrokenError(f"committed, but the caller was told: {error}")
        self.counts["unknown, and there" if call.expected else "unknown, and not there"] += (
            isinstance(error, OutcomeUnknownError)
        )

    def _answered(
        self, call: Call, outcomes: list[c.Outcomes], *, is_stale: bool, is_found: bool
    ) -> None:
        ids = self.server.tables["id"]
        for command, outcome in zip(call.commands, outcomes, strict=True):
            if isinstance(outcome, c.Reserved | c.Booked) and isinstance(
                command, c.Reserve | c.Record
            ):
                self.acknowledged.add(command.id)
                if command.id not in ids:
                    raise BrokenError(f"acknowledged, but not there: {command}")
        if call.expected:
            self.counts["found by name"] += is_found
            wanted, exact = call.expected[0], not is_found
        elif is_stale:
            return  # what an old state refuses or repeats is checked by the ids above
        else:
            before = len(self.model._journal)
            self.model.set_doubt(call.store._watch.doubt)  # type: ignore[arg-type]
            wanted, exact = self.model.apply(call.commands, self.server.clock), True
            if len(self.model._journal) != before:
                raise BrokenError(f"nothing was written, but the rules write: {call.commands}")
        if _said(outcomes, exact=exact) != _said(wanted, exact=exact):
            pairs = zip(call.commands, outcomes, wanted, strict=True)
            wrong = next(
                each
                for each in pairs
                if _said([each[1]], exact=exact) != _said([each[2]], exact=exact)
            )
            raise BrokenError("{1} was answered instead of {2}, to {0}".format(*wrong))

    # -- the end

    def _numbers(self) -> Any:
        return _Numbers(self.server)

    def _audit(self) -> None:
        """The journal, replayed by the pure rules, gives what the server's tables have."""
        tables, model = self.server.tables, self.model
        if problems := model.verify():
            raise BrokenError(f"the journal contradicts itself: {problems}")
        keys = {row[0]: number for number, row in tables["account"].items()}
        wanted: dict[Any, Any] = {
            (keys[key], start): (part.settled, part.reserved, part.overage)
            for key, slices in model._state._balances.items()
            for start, part in slices.items()
        }
        self._same("balances", dict(tables["balance"]), wanted, (0, 0, 0))
        held = {hold.id: (hold.owner, hold.expires_at, int(hold.sent), hold.cost_pico)
                for hold in model.holds()}  # fmt: skip
        there = {tables["entry"][seq][4]: (row[0], row[1], row[2], row[4])
                 for seq, row in tables["hold"].items()}  # fmt: skip
        self._same("open reservations", there, held, None)
        calls = sum(count for key, count in tables["slot"].items() if key[-1] == "calls")
        self._same("calls in slots", {"": calls}, {"": len(list(model._state.events()))}, 0)
        if lost := self.acknowledged - tables["id"].keys():
            raise BrokenError(f"acknowledged, but lost: {sorted(lost)}")
        self.counts["acknowledged"] += len(self.acknowledged)

    @staticmethod
    def _same(what: str, found: dict[Any, Any], wanted: dict[Any, Any], empty: Any) -> None:
        for key in found.keys() | wanted.keys():
            if found.get(key, empty) != wanted.get(key, empty):
                raise BrokenError(f"{what}: {key} is {found.get(key)} instead of {wanted.get(key)}")


class _Numbers:
    """Row numbers of labels and words as the fake server has them; see Interned."""

    def __init__(self, server: FakeServer) -> None:
        self._tables = server.tables
        self.numbers: dict[int, tuple[int, Any]] = {}
        self.words: dict[str, int] = {}

    def labels_id(self, labels: Any) -> int:
        row = (labels.provider, labels.model, labels.operation, scope_text(labels.scope))
        return int(self._tables["labels number"][row])

    def word_id(self, text: str) -> int | None:
        return int(self._tables["word number"][text,]) if text else None


def _said(outcomes: list[c.Outcomes], *, exact: bool) -> list[object]:
    """Outcomes that can be compared: errors by their text; without `exact`, by their kinds alone."""
    return [
        type(each) if not exact
        else (type(each.error), str(each.error)) if isinstance(each, c.Failed)
        else each
        for each in outcomes
    ]  # fmt: skip
