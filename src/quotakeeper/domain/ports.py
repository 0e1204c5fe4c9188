"""What the engine asks of a store, in six ports: writes, reads, upkeep, liveness, the providers' quotas,
clock keeping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: booked in `[since, until)` (microseconds), of whom, how many at most.

    With an `id`, the one event of that id, if it is among them.
    """

    since: int | None = None
    until: int | None = None
    provider: str = ""
    model: str = ""
    operation: str = ""
    limit: int | None = None
    newest_first: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something `verify` found: what it is, and what was expected."""

    what: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a step of compaction let go of: entries of `calls` that were counted before `before_at`.

    `next_after` is the sequence number that the next step goes on from, None after the last one.
    """

    before_at: int
    calls: int
    entries: int
    next_after: int | None


class LedgerWriter(Protocol):
    """Writes: one verb, a batch of commands. One thread at a time writes.

    A store that keeps its ledger outside this process passes a batch to the rules as one call of
    `ledger.apply.apply`. The rules first call `LedgerState.prefetch(commands, now)`, so a store whose
    state extends `LedgerState` may fetch all that the batch touches in one round trip. That is
    optional: without it, the state fetches row by row.
    """

    @property
    def name(self) -> str:
        """Where the ledger is, for people."""

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit; one outcome per command, in order.

        Raises LedgerUnavailableError when nothing was written, OutcomeUnknownError when that is
        not known, LedgerCorruptError when the ledger is damaged.
        """


class LedgerReader(Protocol):
    """Reads: they see what was committed, and change nothing."""

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Whether a reservation would be admitted."""

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Where each limit stands; of a limit per label, that of each value: see `admission.standing`."""

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """The pauses in force."""

    def holds(self) -> list[Hold]:
        """The open reservations, oldest first."""

    def open_count(self) -> int:
        """How many reservations are open."""

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Events in the order they were booked."""

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Sums of five minutes, in order of time: every slot of which some lies in `[since, until)`.

        A slot is given whole, also where `since` or `until` lies within it.
        """

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """Those of the slots from the one that holds an instant on in which a call has no price."""

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """What each account used, by slot (its start -> base units), from the slot on that holds
        an instant. For accounts whose balances are kept, however much there is."""

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The journal after a sequence number, in commit order."""


class LedgerUpkeep(Protocol):
    """Upkeep: the ledger is checked against its journal, and freed of what nobody asks for."""

    def verify(self) -> list[Problem]:
        """Derive everything again from the journal and compare; empty when all is well."""

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Delete the entries of up to `at_most` calls that ended before an instant, in one commit;
        goes through the journal from sequence number `after` on.

        Balances, sums by slot and entries of periods under way are kept. A deleted event is not
        found any more, and its id counts as new if it is sent again.
        """

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries of later instants to an instant, make again what is derived, and write
        that down, in one commit; see ledger/setting_back.py. Keeps a copy of a file before.

        With `only_look`, nothing is changed.
        """

    def shrink(self) -> None:
        """Give room that compaction left back to the system, where that is not done by itself."""


class OwnerLiveness(Protocol):
    """Liveness: which processes use the ledger, which have ended, and how this one forks and ends."""

    @property
    def owner(self) -> str:
        """The name that this process's reservations are made under."""

    def dead_owners(self) -> frozenset[str]:
        """Owners known to be dead, whose reservations a sweep should end."""

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Which of these owners, known from files they left, do not live any more."""

    def bury(self, owners: frozenset[str]) -> None:
        """Forget dead owners once their reservations have been ended."""

    def before_fork(self) -> None:
        """Before this process is copied: close what must not be inherited; open it again later."""

    def after_fork(self) -> Store:
        """In a forked child: leave the parent's handles alone and give a store of the child's."""

    def close(self) -> None:
        """Let go of everything. Open reservations stay open."""


class QuotaPort(Protocol):
    """The providers' own quotas, as they were told of: the newest of each, beside the journal."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Keep quotas in one commit, unless newer ones are kept; forget what was seen before an
        instant. Raises LedgerError when they cannot be kept."""

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Every quota that is kept, by provider, model and name."""


class ClockKeeping(Protocol):
    """Clock keeping: what the machine's clocks showed, and whether hard limits may go by them."""

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """The reading that others of its frame are compared with; where there is none, this one
        becomes it. Also gives the instant of the newest entry, 0 where there is none."""

    def trust_reading(self, reading: ClockReading) -> None:
        """Compare readings of this frame with this one from now on."""

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """While there is a doubt, hard limits admit nothing that this store is asked for."""


class Store(
    LedgerWriter, LedgerReader, LedgerUpkeep, OwnerLiveness, QuotaPort, ClockKeeping, Protocol
):
    """A home for the ledger: all six ports. Whoever uses a store asks for the ports it needs."""
