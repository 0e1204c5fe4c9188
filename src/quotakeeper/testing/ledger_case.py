"""The base of the contract's tests: a store, a fake clock, and methods with short names.

The tests do not need pytest. Test runners collect a subclass like any other test class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar
from unittest import SkipTest

from quotakeeper.clocks import zone_named
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.fold import replay
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.ports import EventQuery, Store
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.domain.windows import SECOND, parse_window
from quotakeeper.testing.clock import FakeClock

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
ANY_CALL = CallLabels("")
LABELS = CallLabels("gemini", "gemini-2.0-flash", "translate")
EVERYTHING = EventQuery()
OWNER = "alice"
OTHER_OWNER = "bob"

T = TypeVar("T")


def tokens(amount: int, cost_pico: int | None = None, note: str = "") -> Figures:
    """Return figures with `amount` input tokens, and a cost in pico-dollars or None."""
    return Figures({"input_tokens": amount} if amount else {}, cost_pico, note=note)


def cap(
    amount: int,
    name: str = "cap",
    *,
    meter: str = "input_tokens",
    window: str = "day",
    timezone: str = "UTC",
    mode: Mode = Mode.HARD,
    labels: CallLabels = ANY_CALL,
) -> Limit:
    """Return a limit of `amount` for the calls that `labels` names; by default for all calls."""
    operation = "" if labels.operation == "call" else labels.operation
    return Limit(name, meter, parse_window(window), amount, labels.provider, labels.model,
                 operation, labels.scope, mode, timezone)  # fmt: skip


class LedgerCase(ABC):
    """A test with its own ledger. At the end of the test, the ledger is verified against its journal."""

    # Whether two stores can open the same ledger, and a closed ledger can be opened again.
    lasting = True
    # Whether the ledger is verified at the end. A test that damages its ledger sets this to False.
    must_verify = True

    _clock: FakeClock | None = None
    _stores: dict[str, Store] | None = None

    @abstractmethod
    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        """Return a store on this test's ledger. Every call in one test must return a store on the
        same ledger.

        `owner` is the name of the process that opens the store.
        """

    def teardown_method(self) -> None:
        """Verify the ledger and close all stores."""
        stores = list((self._stores or {}).values())
        try:
            if self.must_verify:
                for store in stores:
                    assert store.verify() == []
        finally:
            for store in stores:
                store.close()

    # -- the ledger

    @property
    def clock(self) -> FakeClock:
        """The clock for all commands. At the start, its time is noon UTC on 23 November 2026."""
        if self._clock is None:
            self._clock = FakeClock()
        return self._clock

    @property
    def store(self) -> Store:
        """The store under test."""
        return self.store_of(OWNER)

    @property
    def other(self) -> Store:
        """A second store on the same ledger. The test is skipped if two stores cannot open the
        ledger."""
        self.needs_lasting()
        return self.store_of(OTHER_OWNER)

    def store_of(self, owner: str) -> Store:
        """Return the store of the process `owner`. The first call opens the store."""
        if self._stores is None:
            self._stores = {}
        if owner not in self._stores:
            self._stores[owner] = self.make_store(zone_named, owner)
        return self._stores[owner]

    def needs_lasting(self) -> None:
        """Skip the test if the ledger exists only in one store object."""
        if not self.lasting:
            raise SkipTest("this ledger exists only in one object")

    def reopen(self) -> None:
        """Close the store, so that the next access opens it again. Does nothing if `lasting` is False."""
        if self.lasting:
            self.store.close()
            assert self._stores is not None
            del self._stores[OWNER]

    # -- commands

    def apply(self, *commands: c.Command, store: Store | None = None) -> list[c.Outcomes]:
        """Apply a batch of commands at the clock's time, and return the outcomes."""
        return (store or self.store).apply(commands, self.clock.now())

    def do(self, command: c.Command, kind: type[T], *, store: Store | None = None) -> T:
        """Apply one command and return its outcome. Fails if the outcome is not of the class `kind`."""
        (outcome,) = self.apply(command, store=store)
        assert isinstance(outcome, kind), outcome
        return outcome

    def watch(self, *limits: Limit, store: Store | None = None) -> None:
        """Make the store keep balances for the accounts of these limits."""
        self.apply(c.Watch(tuple(limit.account for limit in limits)), store=store)

    def asking(
        self,
        event_id: str,
        figures: Figures,
        limits: Sequence[Limit] = (),
        *,
        labels: CallLabels = LABELS,
        owner: str = OWNER,
        ttl_us: int = HOUR,
        sent: bool = False,
    ) -> c.Reserve:
        """Return a command that makes a reservation. `ttl_us` is its lifetime in microseconds."""
        return c.Reserve(event_id, labels, figures, tuple(limits), owner, ttl_us, sent)

    def reserve(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Reserved:
        """Make a reservation. Fails if the reservation is refused."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Reserved)

    def refused(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Denied:
        """Try to make a reservation. Fails if the reservation is not refused."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Denied)

    def record(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Booked:
        """Record usage without a reservation. Fails if the command fails."""
        return self.do(c.Record(event_id, labels, figures, limits), c.Booked)

    def settle(self, event_id: str, figures: Figures, *limits: Limit) -> c.Booked:
        """Settle a reservation. Fails if the command fails."""
        return self.do(c.Settle(event_id, figures, limits), c.Booked)

    def fails(self, command: c.Command, error: type[Exception]) -> c.Failed:
        """Apply a command that must fail with `error` and must not change the journal."""
        before = self.journal()
        outcome = self.do(command, c.Failed)
        assert isinstance(outcome.error, error), outcome.error
        assert self.journal() == before
        return outcome

    # -- queries

    def stands(self, limit: Limit, *, store: Store | None = None) -> Verdict:
        """Return the state of a limit at the clock's time."""
        (verdict,) = (store or self.store).verdicts((limit,), self.clock.now())
        return verdict

    def sums(self, limit: Limit, *, store: Store | None = None) -> tuple[int, int]:
        """Return the settled and the reserved amount of a limit, in base units."""
        verdict = self.stands(limit, store=store)
        return verdict.used, verdict.reserved

    def overage(self, limit: Limit) -> int:
        """Return the use of a limit beyond its reservations and leases, calculated from the journal."""
        state = LedgerState(zone_named)
        state.add_account(limit.account, 0)
        for entry in self.journal():
            replay(state, entry)
        return sum(balance.overage for _, balance in state.slices(limit.account, -1))

    def journal(self, *, store: Store | None = None) -> list[Entry]:
        """Return all entries of the journal."""
        return list((store or self.store).entries())

    def events(
        self, query: EventQuery = EVERYTHING, *, store: Store | None = None
    ) -> list[UsageEvent]:
        """Return the events that match a query."""
        return list((store or self.store).events(query))
