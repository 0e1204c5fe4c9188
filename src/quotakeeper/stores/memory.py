"""The ledger in memory: for tests, dry runs, and programs that need no ledger file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import (
    BucketSum,
    buckets_of,
    use_by_bucket,
    whole_buckets,
)
from quotakeeper.domain.ledger import admission, apply
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ledger.setting_back import (
    SetBack,
    kept_since,
    preview,
    repair_entry,
    set_back,
)
from quotakeeper.domain.ledger.state import LedgerState, ZoneFinder
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.ports import Compacted, EventQuery, Problem, Verification
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.native_threads import RLock
from quotakeeper.stores.ledger_time import check_ledger_time, idle_outcomes
from quotakeeper.stores.one_host import OneHost
from quotakeeper.stores.verification import compare_balances, replayed


class MemoryStore(OneHost):
    """A ledger that exists only as long as its process. Several threads can use it at once."""

    def __init__(self, zones: ZoneFinder, owner: str = "memory") -> None:
        self._state = LedgerState(zones)
        self._zones = zones
        self._journal: list[Entry] = []
        self._quotas: dict[tuple[str, str, str], ProviderQuota] = {}
        self._lock = RLock()
        self._owner = owner
        self._readings: dict[str, ClockReading] = {}

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""
        return "memory:"

    @property
    def owner(self) -> str:
        """The owner name that this process writes into its reservations."""
        return self._owner

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch; see the Store port."""
        with self._lock:
            idle = idle_outcomes(self.name, commands, now, self._state.high_water)
            if idle is not None:
                return idle
            watched = len(self._state.accounts)
            try:
                outcomes, entries = apply.apply(self._state, commands, now)
            except BaseException:
                accounts = list(self._state.accounts.values())[:watched]
                doubt = self._state.doubt
                self._state = replayed(accounts, self._journal, self._zones)
                self._state.doubt = doubt
                raise
            self._journal.extend(entries)
            return outcomes

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Decide whether a reservation would be admitted at `now`. Changes nothing."""
        with self._lock:
            check_ledger_time(self.name, now, self._state.high_water)
            return admission.check(self._state, labels, figures, limits, now)

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Return the use of each limit; see the Store port."""
        with self._lock:
            if limits:
                check_ledger_time(self.name, now, self._state.high_water)
            return admission.standing(self._state, limits, now)

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """Return the pauses in force at `now`."""
        with self._lock:
            return admission.pauses(self._state, now)

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""
        with self._lock:
            return self._state.holds()

    def open_count(self) -> int:
        """Return the number of open reservations."""
        with self._lock:
            return self._state.open_count()

    def dead_owners(self) -> frozenset[str]:
        """Return an empty set: only this process uses the ledger."""
        return frozenset()

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return an empty set: a ledger in memory has no files of other processes."""
        return frozenset()

    def bury(self, owners: frozenset[str]) -> None:
        """Does nothing: this store keeps no data of processes."""

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Yield events in the order in which they were booked."""
        with self._lock:
            if query.id:
                known = self._state.known(query.id)
                found = [known.event] if known is not None and known.event is not None else []
            else:
                found = list(self._state.events())
        if query.newest_first:
            found.reverse()
        matching = [event for event in found if _wanted(query, event)]
        yield from matching[: query.limit]

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Yield the sums of five-minute slots; see the Store port."""
        return buckets_of(self.events(EventQuery(*whole_buckets(since, until))))

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """Return the sums by slot that contain a call without a price, from the slot of `since` on."""
        return [slot for slot in self.slots(since) if slot.unpriced_calls]

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """Return the use of each account by slot; see the Store port."""
        return use_by_bucket(accounts, self.slots(since))

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after sequence number `after`, in commit order."""
        with self._lock:
            found = [entry for entry in self._journal if entry.seq > after]
        yield from found

    def verify(self) -> list[Problem]:
        """Compute all balances from the journal again. Returns the differences from the stored
        ones.
        """
        with self._lock:
            about: dict[int, list[Entry]] = {}
            for entry in self._journal:
                for seq in {entry.ref or entry.seq, entry.seq}:
                    about.setdefault(seq, []).append(entry)
            return compare_balances(
                self._state, self._journal, self._zones,
                lambda seq, before: [e for e in about.get(seq, ()) if e.seq < before],
            )  # fmt: skip

    def verify_new(self, *, whole: bool = False) -> Verification:
        """Verify the whole journal: a ledger in memory keeps no mark."""
        return Verification(tuple(self.verify()), 0, self._state.seq)

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Deletes nothing, because the ledger ends with its process. Returns that nothing was
        deleted.
        """
        return Compacted(min(before, now), 0, 0, None)

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries that are later than instant `to` back to `to`; see the Store port."""
        with self._lock:
            later = [entry for entry in self._journal if entry.at > to]
            done = preview(later, self._state.high_water, to)
            if only_look or not later:
                return done
            moved = (set_back(entry, to) for entry in self._journal)
            journal = [entry for entry in moved if entry is not None]
            journal.append(repair_entry(done, self._state.seq + 1, later[0].seq, by, why))
            accounts = [
                (account, kept_since(self._state, account, since, to))
                for account, since in self._state.accounts.values()
            ]
            doubt = self._state.doubt
            self._state, self._journal = replayed(accounts, journal, self._zones), journal
            self._state.doubt = doubt
            return done

    def back_up(self, to: str) -> None:
        """Raises InvalidInputError: there is no file to copy."""
        raise InvalidInputError(
            "ledger",
            "is in the memory of one process",
            "use a ledger in a file: set QUOTAKEEPER_LEDGER to its path",
        )

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """Raises InvalidInputError: label values are gone when the process ends."""
        raise InvalidInputError(
            "ledger", "is in the memory of one process",
            "end that process: the label is then gone with its ledger",
        )  # fmt: skip

    def shrink(self) -> None:
        """Does nothing: a ledger in memory has no file."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store quotas that providers reported; see the Store port."""
        with self._lock:
            for each in quotas:
                kept = self._quotas.get(each.key)
                if kept is None or each.seen_at >= kept.seen_at:
                    self._quotas[each.key] = each
            for key in [k for k, kept in self._quotas.items() if kept.seen_at < forget_before]:
                del self._quotas[key]

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Return all stored quotas, sorted by provider, model and name."""
        with self._lock:
            return tuple(self._quotas[key] for key in sorted(self._quotas))

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with this `frame`; see the Store port."""
        with self._lock:
            return self._readings.setdefault(reading.frame, reading), self._state.high_water

    def trust_reading(self, reading: ClockReading) -> None:
        """Store the reading with which later readings of the same `frame` are compared."""
        with self._lock:
            self._readings[reading.frame] = reading

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Store that the clock is doubted; with None, that it is not. See the Store port."""
        with self._lock:
            self._state.doubt = doubt

    def before_fork(self) -> None:
        """Does nothing: this store has no open handles."""

    def after_fork(self) -> MemoryStore:
        """Return this store: the child process continues with its own copy of the ledger."""
        self._lock = RLock()
        return self

    def close(self) -> None:
        """Does nothing: this store has no open handles."""


def _wanted(query: EventQuery, event: UsageEvent) -> bool:
    labels = event.labels
    return (
        (query.since is None or event.at >= query.since)
        and (query.until is None or event.at < query.until)
        and (not query.provider or labels.provider == query.provider)
        and (not query.model or labels.model == query.model)
        and (not query.operation or labels.operation == query.operation)
    )
