"""The interface between the engine and a store: six ports that together make `Store`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events to read: those booked in `[since, until)` (microseconds since 1970 UTC).

    `provider`, `model` and `operation` filter by label ("" matches all). `limit` is the most events
    to return. With `id`, only the event with that id is returned, if the other conditions match it.
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
    """One difference that `verify` found, described in `what`."""

    what: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """What one compaction step deleted: the number of entries and of calls before `before_at`.

    `next_after` is the sequence number to pass to the next step; None after the last step.
    """

    before_at: int
    calls: int
    entries: int
    next_after: int | None


class LedgerWriter(Protocol):
    """The port for writes: one method that carries out a batch of commands. One thread writes at a
    time.

    A store that keeps its ledger outside this process passes each batch to `ledger.apply.apply` in
    one call. The rules first call `LedgerState.prefetch(commands, now)`. A store that extends
    `LedgerState` may use it to fetch all rows of the batch in one round trip. Without that, rows
    are fetched singly.
    """

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit. Returns one outcome per command, in
        order.

        Raises LedgerUnavailableError if nothing was written, OutcomeUnknownError if that is not
        known, and LedgerCorruptError if the ledger is damaged.
        """


class LedgerReader(Protocol):
    """The port for reads: they see committed data and change nothing."""

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Decide whether a reservation would be admitted, without making it."""

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """The use of each limit; for a limit per label, of each label value: see
        `admission.standing`."""

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """The pauses in force."""

    def holds(self) -> list[Hold]:
        """The open reservations, oldest first."""

    def open_count(self) -> int:
        """The number of open reservations."""

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Yield events in the order in which they were booked."""

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Yield the sums of all five-minute slots that overlap `[since, until)`, in order of time.

        A slot is returned whole, also if `since` or `until` lies inside it.
        """

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """The slots that contain a call without a price, from the slot that contains `since`
        onwards."""

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """The use of each account by slot: a dict from slot start to base units, one per account.

        It starts with the slot that contains `since`. The accounts must be among those with
        balances.
        """

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after a sequence number, in commit order."""


class LedgerUpkeep(Protocol):
    """The port for maintenance: verify the ledger against its journal, and delete old entries."""

    def verify(self) -> list[Problem]:
        """Derive all balances from the journal again and compare them. Empty if nothing differs."""

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Delete the entries of up to `at_most` calls that ended before `before`, in one commit.

        Reads the journal after sequence number `after`. Balances, sums by slot, and entries of
        current periods stay. A deleted event cannot be read any more, and its id counts as new if
        it is sent again.
        """

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries that are later than the instant `to` back to it, in one commit.

        All sums are derived again. A journal entry records the change; see ledger/setting_back.py.
        A ledger file is copied first. With `only_look`, nothing is changed and the result says what
        would change.
        """

    def back_up(self, to: str) -> None:
        """Copy the committed data to a new file, while other processes write to the ledger.

        Raises InvalidInputError if the ledger is not a file, and LedgerError if it cannot be
        copied.
        """

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """Replace a label's value everywhere in one commit, and clear the notes of its calls.

        See ledger/forgetting.py. With `only_look`, nothing is changed. Raises InvalidInputError
        while another process uses the ledger.
        """

    def shrink(self) -> None:
        """Return the space that compaction freed to the system, if the store does not do so itself."""


class OwnerLiveness(Protocol):
    """The port for processes: which ones use the ledger, which have ended, and what a fork must do."""

    @property
    def owner(self) -> str:
        """The owner name that this process writes into its reservations."""

    def dead_owners(self) -> frozenset[str]:
        """Owners whose process has ended. The sweep must end their reservations."""

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Which of these owners have ended. The caller knows their names from files that they left."""

    def bury(self, owners: frozenset[str]) -> None:
        """Delete what the store keeps of ended owners, after their reservations have ended."""

    def before_fork(self) -> None:
        """Called before a fork: close handles that the child must not inherit. They are reopened on
        use."""

    def after_fork(self) -> Store:
        """Called in a forked child: leave the parent's handles untouched and return a store for the
        child."""

    def close(self) -> None:
        """Close all handles. Open reservations stay open."""


class QuotaPort(Protocol):
    """The port for providers' own quotas: the newest report of each, stored outside the journal."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store quotas in one commit, except where a newer report of the same quota is stored.

        Deletes quotas that were last seen before `forget_before`. Raises LedgerError if it cannot
        write.
        """

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """All stored quotas, sorted by provider, model and name."""


class ClockKeeping(Protocol):
    """The port for clock readings: they decide whether hard limits may rely on the machine's clock."""

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """The stored reading of this frame, and the instant of the newest entry (0 for an empty
        ledger).

        If the frame has no stored reading, `reading` is stored and returned.
        """

    def trust_reading(self, reading: ClockReading) -> None:
        """Store this reading as the one that later readings of its frame are compared with."""

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Set or clear the doubt. While a doubt is set, hard limits of this store refuse all calls."""


class Store(
    LedgerWriter, LedgerReader, LedgerUpkeep, OwnerLiveness, QuotaPort, ClockKeeping, Protocol
):
    """All six ports of a ledger store. Code that uses a store should ask only for the ports it
    needs."""
