"""The base of the contract's tests: a store, a clock that the test moves, and short methods.

It does not need pytest; a test class that inherits from it is collected like any other.
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
    """Return figures with `amount` input tokens."""
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
    """Return a limit on the calls that `labels` names; by default on all calls."""
    operation = "" if labels.operation == "call" else labels.operation
    return Limit(name, meter, parse_window(window), amount, labels.provider, labels.model,
                 operation, labels.scope, mode, timezone)  # fmt: skip


class LedgerCase(ABC):
    """One ledger under test; it is verified against its own journal when the test ends."""

    # Whether two stores can open one ledger, and whether a closed ledger can be opened again.
    lasting = True
    # A test that breaks the ledger on purpose sets it to False.
    must_verify = True

    _clock: FakeClock | None = None
    _stores: dict[str, Store] | None = None

    @abstractmethod
    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        """Return a store on this test's ledger; every call in one test must open the same ledger."""

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
        """The clock for the commands; it starts at noon UTC on 23 November 2026."""
        if self._clock is None:
            self._clock = FakeClock()
        return self._clock

    @property
    def store(self) -> Store:
        """The store under test."""
        return self.store_of(OWNER)

    @property
    def other(self) -> Store:
        """A second store on the same ledger; skips the test if the ledger allows only one."""
        self.needs_lasting()
        return self.store_of(OTHER_OWNER)

    def store_of(self, owner: str) -> Store:
        """Return the store of an owner; the first call makes it."""
        if self._stores is None:
            self._stores = {}
        if owner not in self._stores:
            self._stores[owner] = self.make_store(zone_named, owner)
        return self._stores[owner]

    def needs_lasting(self) -> None:
        """Skip the test if the ledger exists only inside one object."""
        if not self.lasting:
            raise SkipTest("this ledger lives in one object")

    def reopen(self) -> None:
        """Close the store and open its ledger again, if the ledger can be opened again."""
        if self.lasting:
            self.store.close()
            assert self._stores is not None
            del self._stores[OWNER]

    # -- commands

    def apply(self, *commands: c.Command, store: Store | None = None) -> list[c.Outcomes]:
        """Carry out a batch of commands at the clock's time, and return the outcomes."""
        return (store or self.store).apply(commands, self.clock.now())

    def do(self, command: c.Command, kind: type[T], *, store: Store | None = None) -> T:
        """Carry out one command and return its outcome, which must be of this class."""
        (outcome,) = self.apply(command, store=store)
        assert isinstance(outcome, kind), outcome
        return outcome

    def watch(self, *limits: Limit, store: Store | None = None) -> None:
        """Keep balances for the accounts of these limits."""
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
        """Return a command that reserves."""
        return c.Reserve(event_id, labels, figures, tuple(limits), owner, ttl_us, sent)

    def reserve(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Reserved:
        """Make a reservation that must be admitted."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Reserved)

    def refused(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Denied:
        """Try a reservation that must be refused."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Denied)

    def record(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Booked:
        """Record usage that had no reservation."""
        return self.do(c.Record(event_id, labels, figures, limits), c.Booked)

    def settle(self, event_id: str, figures: Figures, *limits: Limit) -> c.Booked:
        """Settle a reservation, which must succeed."""
        return self.do(c.Settle(event_id, figures, limits), c.Booked)

    def fails(self, command: c.Command, error: type[Exception]) -> c.Failed:
        """Carry out a command that must fail with this error, and must not disturb other commands."""
        before = self.journal()
        outcome = self.do(command, c.Failed)
        assert isinstance(outcome.error, error), outcome.error
        assert self.journal() == before
        return outcome

    # -- queries

    def stands(self, limit: Limit, *, store: Store | None = None) -> Verdict:
        """Return the state of a limit now."""
        (verdict,) = (store or self.store).verdicts((limit,), self.clock.now())
        return verdict

    def sums(self, limit: Limit, *, store: Store | None = None) -> tuple[int, int]:
        """Return (settled, reserved) of a limit."""
        verdict = self.stands(limit, store=store)
        return verdict.used, verdict.reserved

    def overage(self, limit: Limit) -> int:
        """Return the use beyond what was admitted, also by calls on leases, from the journal."""
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
