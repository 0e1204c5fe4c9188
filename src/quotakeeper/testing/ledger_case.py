"""What the rules of the store contract are written in: a store, a clock turned by hand, short verbs.

Nothing here needs pytest; a test class that inherits from it is collected as any other is.
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
    """Figures of so many input tokens."""
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
    """A limit on the calls that `labels` name; by default on all of them."""
    operation = "" if labels.operation == "call" else labels.operation
    return Limit(name, meter, parse_window(window), amount, labels.provider, labels.model,
                 operation, labels.scope, mode, timezone)  # fmt: skip


class LedgerCase(ABC):
    """One ledger under test; it is verified against its own journal when the test ends."""

    # Whether two stores may be open on one ledger, and whether it is there again after closing.
    lasting = True
    # Set to False by a test that breaks the ledger on purpose.
    must_verify = True

    _clock: FakeClock | None = None
    _stores: dict[str, Store] | None = None

    @abstractmethod
    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        """A store on this test's ledger; the same ledger each time it is asked for in one test."""

    def teardown_method(self) -> None:
        """Verify the ledger and close what was opened."""
        stores = list((self._stores or {}).values())
        try:
            if self.must_verify:
                for store in stores:
                    assert store.verify() == []
        finally:
            for store in stores:
                store.close()

    # -- what there is

    @property
    def clock(self) -> FakeClock:
        """The time that commands are carried out at; noon UTC on 23 November 2026 at first."""
        if self._clock is None:
            self._clock = FakeClock()
        return self._clock

    @property
    def store(self) -> Store:
        """The store under test."""
        return self.store_of(OWNER)

    @property
    def other(self) -> Store:
        """A second store on the same ledger; skips the test where there can be none."""
        self.needs_lasting()
        return self.store_of(OTHER_OWNER)

    def store_of(self, owner: str) -> Store:
        """The store of an owner, made on first use."""
        if self._stores is None:
            self._stores = {}
        if owner not in self._stores:
            self._stores[owner] = self.make_store(zone_named, owner)
        return self._stores[owner]

    def needs_lasting(self) -> None:
        """Skip what makes no sense for a ledger that lives in one object."""
        if not self.lasting:
            raise SkipTest("this ledger lives in one object")

    def reopen(self) -> None:
        """Close the store and open its ledger again, where there is one to be opened."""
        if self.lasting:
            self.store.close()
            assert self._stores is not None
            del self._stores[OWNER]

    # -- verbs

    def apply(self, *commands: c.Command, store: Store | None = None) -> list[c.Outcomes]:
        """Carry out a batch at the clock's time."""
        return (store or self.store).apply(commands, self.clock.now())

    def do(self, command: c.Command, kind: type[T], *, store: Store | None = None) -> T:
        """Carry out one command and give its outcome, which has to be of this kind."""
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
        """A reservation to be made."""
        return c.Reserve(event_id, labels, figures, tuple(limits), owner, ttl_us, sent)

    def reserve(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Reserved:
        """Make a reservation that has to be admitted."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Reserved)

    def refused(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Denied:
        """Try a reservation that has to be refused."""
        return self.do(self.asking(event_id, figures, limits, labels=labels), c.Denied)

    def record(
        self, event_id: str, figures: Figures, *limits: Limit, labels: CallLabels = LABELS
    ) -> c.Booked:
        """Book usage that had no reservation."""
        return self.do(c.Record(event_id, labels, figures, limits), c.Booked)

    def settle(self, event_id: str, figures: Figures, *limits: Limit) -> c.Booked:
        """Settle a reservation, which has to work."""
        return self.do(c.Settle(event_id, figures, limits), c.Booked)

    def fails(self, command: c.Command, error: type[Exception]) -> c.Failed:
        """Carry out a command that has to fail in this way, for its caller alone."""
        before = self.journal()
        outcome = self.do(command, c.Failed)
        assert isinstance(outcome.error, error), outcome.error
        assert self.journal() == before
        return outcome

    # -- looks

    def stands(self, limit: Limit, *, store: Store | None = None) -> Verdict:
        """Where a limit stands now."""
        (verdict,) = (store or self.store).verdicts((limit,), self.clock.now())
        return verdict

    def sums(self, limit: Limit, *, store: Store | None = None) -> tuple[int, int]:
        """What a limit has settled and reserved."""
        verdict = self.stands(limit, store=store)
        return verdict.used, verdict.reserved

    def overage(self, limit: Limit) -> int:
        """What was used, or drawn out of a lease, that nothing had been admitted for: by replaying
        the journal."""
        state = LedgerState(zone_named)
        state.add_account(limit.account, 0)
        for entry in self.journal():
            replay(state, entry)
        return sum(balance.overage for _, balance in state.slices(limit.account, -1))

    def journal(self, *, store: Store | None = None) -> list[Entry]:
        """All entries."""
        return list((store or self.store).entries())

    def events(
        self, query: EventQuery = EVERYTHING, *, store: Store | None = None
    ) -> list[UsageEvent]:
        """Events that match a query."""
        return list((store or self.store).events(query))
