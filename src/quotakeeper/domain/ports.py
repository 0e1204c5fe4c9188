"""The interface between the engine and a store: seven ports. `Store` combines them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.reservations import Hold, ProcessRow
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.domain.verification import Problem as Problem
from quotakeeper.domain.verification import Verification as Verification
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events to read.

    - `since`, `until`: only events that count in `[since, until)`, in microseconds since 1970 UTC.
    - `provider`, `model`, `operation`: only events with these labels; "" matches all.
    - `limit`: the most events to return; None: all.
    - `newest_first`: return the events in reverse order.
    - `id`: only the event with this id, if the other conditions match it; "" matches all.
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
class Compacted:
    """What one compaction step deleted: the number of entries, and of calls that ended before
    `before_at`.

    `next_after` is the sequence number to pass as `after` to the next step; None after the last
    step.
    """

    before_at: int
    calls: int
    entries: int
    next_after: int | None


class LedgerWriter(Protocol):
    """The port for writes: one method that carries out a batch of commands. One thread writes at a
    time.

    A store that keeps its ledger outside this process passes each batch to `ledger.apply.apply` in
    one call. `apply` first calls `LedgerState.prefetch(commands, now)`. A subclass of `LedgerState`
    can override `prefetch` to fetch all rows of the batch in one round trip. Otherwise each row is
    fetched when it is needed.
    """

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit. Returns one outcome per command, in
        order.

        `now` is in microseconds since 1970 UTC. Raises LedgerUnavailableError if nothing was
        written, OutcomeUnknownError if it is not known whether the batch was written, and
        LedgerCorruptError if the ledger is damaged.
        """


class LedgerReader(Protocol):
    """The port for reads. Reads return committed data and change nothing."""

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Decide whether a reservation would be admitted at `now`. Changes nothing."""

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Return the use of each limit. For a limit with `per`, return that of each label value.

        See `admission.standing`.
        """

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """Return the pauses in force at `now`."""

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""

    def open_count(self) -> int:
        """Return the number of open reservations."""

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Yield events in the order in which they were booked."""

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Yield the sums of all five-minute slots that overlap `[since, until)`, in order of time.

        A slot is returned whole, even if `since` or `until` is inside the slot.
        """

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """Return the sums by slot that contain a call without a price, from the slot of `since` on."""

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """Return the use of each account by slot: one dict per account, start of slot -> base
        units.

        The first slot is the one that contains `since`. The ledger must keep balances of these
        accounts.
        """

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after sequence number `after`, in commit order."""


class LedgerUpkeep(Protocol):
    """The port for maintenance: verify, compact, move back, copy, and replace a label value."""

    def verify(self) -> list[Problem]:
        """Compute all balances from the journal again and compare them with the stored ones.

        Returns the differences; empty if there are none.
        """

    def verify_new(self, *, whole: bool = False) -> Verification:
        """Verify the entries after the last verified one, and everything that they changed.

        Stores how far the ledger is verified, if there is no problem and this user may write. With
        `whole`, reads the whole journal, as it does if the new entries cannot be verified alone.
        """

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Delete the entries of up to `at_most` calls that ended before `before`, in one commit.

        Reads the journal after sequence number `after`. Balances, sums by slot, and entries of
        current periods stay. A deleted event can no longer be read, and its id counts as new if it
        is sent again.
        """

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries that are later than instant `to` back to `to`, in one commit.

        All sums are computed again. A journal entry records the change, with `by` and `why`; see
        ledger/setting_back.py. A ledger file is copied first. With `only_look`, nothing is changed
        and the result is what would change.
        """

    def back_up(self, to: str) -> None:
        """Copy the committed data to a new file `to`. Other processes may write to the ledger
        meanwhile.

        Raises InvalidInputError if the ledger is not a file, and LedgerError if it cannot be
        copied.
        """

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """Replace a label value by `instead` everywhere, in one commit.

        Also clears the notes of the calls with this value. See ledger/forgetting.py. With
        `only_look`, nothing is changed. Raises InvalidInputError while another process uses the
        ledger.
        """

    def shrink(self) -> None:
        """Make the ledger smaller on disk after compaction. Does nothing if the store does this
        itself.
        """


class OwnerLiveness(Protocol):
    """The port for processes that use the ledger: which ones have ended, and what to do at a fork.

    A process that opens a ledger gets a name, called its owner name.
    """

    hears_processes: bool  # False if `keep_alive` does nothing

    @property
    def owner(self) -> str:
        """The owner name that this process writes into its reservations."""

    def dead_owners(self) -> frozenset[str]:
        """Return the owner names of ended processes that may still have open reservations."""

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return those of the given owner names whose process has ended."""

    def bury(self, owners: frozenset[str]) -> None:
        """Delete what the store keeps for these ended processes, whose reservations have ended."""

    def keep_alive(self, now: int) -> None:
        """Write that this process is running, if it was silent for some seconds. Raises LedgerError."""

    def process_rows(self, now: int) -> list[ProcessRow]:
        """Return the processes that the ledger knows; empty if it keeps no rows of processes."""

    def before_fork(self) -> None:
        """Close handles that a forked child must not inherit. They are opened again when they are
        needed.
        """

    def after_fork(self) -> Store:
        """Return a store for a forked child. Does not touch the handles of the parent process."""

    def close(self) -> None:
        """Close all handles. Open reservations stay open."""


class LeaseSharing(Protocol):
    """The port for leases of other processes. A lease is a reservation for many calls."""

    @property
    def losses(self) -> int:
        """A number that grows when the ledger may lack commits that this process has seen."""

    def leases_in(self, limits: Sequence[Limit]) -> list[Hold]:
        """Return the open leases that count in one of these limits, oldest first."""

    def assumed_leases(self, owners: frozenset[str]) -> list[tuple[str, UsageEvent]]:
        """Return the leases of these processes that were assumed: owner name and event."""

    def recall(self) -> None:
        """Ask all processes to release the unused parts of their leases. Raises LedgerError."""

    def recalls(self, within_ms: int, now: int) -> int:
        """Return a number that changes with each recall, at most `within_ms` milliseconds old.

        It also changes when other processes counted this process as ended. Returns 0 if a file
        beside the ledger recalls leases. Raises LedgerError.
        """


class QuotaPort(Protocol):
    """The port for providers' own quotas: the newest report of each quota, stored outside the
    journal.
    """

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store quotas in one commit. A quota is skipped if a newer report of this quota is stored.

        Deletes quotas that were last seen before `forget_before`. Raises LedgerError if the store
        cannot write.
        """

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Return all stored quotas, sorted by provider, model and name."""


class ClockKeeping(Protocol):
    """The port for clock readings. They show whether the machine's clock can be trusted."""

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with the same `frame` as `reading`, and the instant of the
        newest entry.

        If no such reading is stored, `reading` is stored and returned. The instant is 0 for an
        empty ledger.
        """

    def trust_reading(self, reading: ClockReading) -> None:
        """Store the reading with which later readings of the same `frame` are compared."""

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Store that the clock is doubted, or None to clear this.

        While the clock is doubted, hard limits of this store refuse all calls.
        """


class Store(
    LedgerWriter,
    LedgerReader,
    LedgerUpkeep,
    OwnerLiveness,
    LeaseSharing,
    QuotaPort,
    ClockKeeping,
    Protocol,
):
    """All seven ports of a ledger store. Code should ask only for the ports that it needs."""
