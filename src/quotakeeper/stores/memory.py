"""The ledger in memory: for tests, dry runs, and programs that want no file."""

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
from quotakeeper.domain.ports import Compacted, EventQuery, Problem
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.native_threads import RLock
from quotakeeper.stores.ledger_time import check_ledger_time, idle_outcomes
from quotakeeper.stores.verification import compare_balances, replayed


class MemoryStore:
    """A ledger that is gone when the process is. Safe to use from several threads."""

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
        """Where the ledger is, for people."""
        return "memory:"

    @property
    def owner(self) -> str:
        """The name that this process's reservations are made under."""
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
        """Whether a reservation would be admitted; changes nothing."""
        with self._lock:
            check_ledger_time(self.name, now, self._state.high_water)
            return admission.check(self._state, labels, figures, limits, now)

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Where each limit stands."""
        with self._lock:
            if limits:
                check_ledger_time(self.name, now, self._state.high_water)
            return admission.standing(self._state, limits, now)

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """The pauses in force."""
        with self._lock:
            return admission.pauses(self._state, now)

    def holds(self) -> list[Hold]:
        """The open reservations, oldest first."""
        with self._lock:
            return self._state.holds()

    def open_count(self) -> int:
        """How many reservations are open."""
        with self._lock:
            return self._state.open_count()

    def dead_owners(self) -> frozenset[str]:
        """Nobody: every owner lives in this process."""
        return frozenset()

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Nobody: an owner in memory leaves no files."""
        return frozenset()

    def bury(self, owners: frozenset[str]) -> None:
        """Nothing is kept of owners."""

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Events in the order they were booked."""
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
        """Sums of five minutes; see the Store port."""
        return buckets_of(self.events(EventQuery(*whole_buckets(since, until))))

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """The slots since an instant in which a call has no price."""
        return [slot for slot in self.slots(since) if slot.unpriced_calls]

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """What each account used, by slot, since an instant."""
        return use_by_bucket(accounts, self.slots(since))

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The journal after a sequence number, in commit order."""
        with self._lock:
            found = [entry for entry in self._journal if entry.seq > after]
        yield from found

    def verify(self) -> list[Problem]:
        """Derive everything again from the journal and compare."""
        with self._lock:
            about: dict[int, list[Entry]] = {}
            for entry in self._journal:
                for seq in {entry.ref or entry.seq, entry.seq}:
                    about.setdefault(seq, []).append(entry)
            return compare_balances(
                self._state, self._journal, self._zones,
                lambda seq, before: [e for e in about.get(seq, ()) if e.seq < before],
            )  # fmt: skip

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Nothing: what is kept in memory is gone with the process."""
        return Compacted(min(before, now), 0, 0, None)

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries of later instants to an instant; see the Store port."""
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

    def shrink(self) -> None:
        """Nothing to give back."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Keep quotas that providers told of; see the Store port."""
        with self._lock:
            for each in quotas:
                kept = self._quotas.get(each.key)
                if kept is None or each.seen_at >= kept.seen_at:
                    self._quotas[each.key] = each
            for key in [k for k, kept in self._quotas.items() if kept.seen_at < forget_before]:
                del self._quotas[key]

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Every quota that is kept."""
        with self._lock:
            return tuple(self._quotas[key] for key in sorted(self._quotas))

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """What readings of this frame are compared with; see the Store port."""
        with self._lock:
            return self._readings.setdefault(reading.frame, reading), self._state.high_water

    def trust_reading(self, reading: ClockReading) -> None:
        """Compare with this one from now on."""
        with self._lock:
            self._readings[reading.frame] = reading

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """What hard limits go by."""
        with self._lock:
            self._state.doubt = doubt

    def before_fork(self) -> None:
        """Nothing is open."""

    def after_fork(self) -> MemoryStore:
        """The child goes on with a copy of its own, as it does with all memory."""
        self._lock = RLock()
        return self

    def close(self) -> None:
        """Nothing to let go of."""


def _wanted(query: EventQuery, event: UsageEvent) -> bool:
    labels = event.labels
    return (
        (query.since is None or event.at >= query.since)
        and (query.until is None or event.at < query.until)
        and (not query.provider or labels.provider == query.provider)
        and (not query.model or labels.model == query.model)
        and (not query.operation or labels.operation == query.operation)
    )
