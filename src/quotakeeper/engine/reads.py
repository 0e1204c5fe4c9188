"""The reads of a keeper: limits, usage, events, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta, tzinfo
from typing import Protocol

from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.status import (
    LimitStatus,
    Status,
    UsageTable,
    add_up,
    limit_status,
    unpriced_since,
    with_unpriced,
)
from quotakeeper.domain.forecasting.time_buckets import BUCKET, BucketSum, bucket_start, of_one
from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import EventQuery, Problem, Store, Verification
from quotakeeper.domain.quotas import ProviderQuota, beside
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.seen_quotas import SeenQuotas
from quotakeeper.errors import LedgerCorruptError
from quotakeeper.value_classes import dataclass


class CallsUnderWay(Protocol):
    """Calls on leases that are not in the ledger yet; see LeaseTable."""

    def draw_under_way(self, store: Store, now: int) -> None:
        """Write these calls to the ledger."""


Presets = Callable[[int], tuple[ProviderQuota, ...]]


@dataclass(frozen=True, slots=True)
class QuotaReads:
    """The quotas of providers: quotas that replies reported, and presets.

    `presets` returns the presets that are valid at an instant; None if the settings name no
    presets.
    """

    seen: SeenQuotas
    presets: Presets | None = None

    def at(self, store: Store, now: int) -> tuple[ProviderQuota, ...]:
        """Return all quotas that are known at the instant `now`."""
        kept = self.seen.with_unwritten(store.quotas())
        return beside(kept, self.presets(now) if self.presets is not None else (), now)


class Reads:
    """Reads the ledger. Makes one change: the ledger may begin to keep balances for new limits.

    `holds`, `status` and `forecast` are questions: pass them to the worker, which runs them. All
    other reads block the calling thread.
    """

    def __init__(
        self, parts: EngineParts, limits: tuple[Limit, ...], zone: tzinfo,
        leases: CallsUnderWay | None, quotas: QuotaReads,
    ) -> None:  # fmt: skip
        self._quotas = quotas
        self._parts = parts
        self.limits = limits
        self._leases = leases
        self.zone = zone

    # -- questions

    def holds(self, store: Store, now: int) -> list[Hold]:
        """Return the open reservations, including calls under way on leases of this process."""
        if self._leases is not None:
            self._leases.draw_under_way(store, now)
        return store.holds()

    def status(self, store: Store, now: int) -> Status:
        """Return the state of every limit, without forecasts."""
        verdicts = store.verdicts(self.limits, now)
        limits = tuple(map(limit_status, verdicts))
        quotas, doubt = self._quotas.at(store, now), self._parts.ledger_clock.doubt
        pauses = store.pauses(now)
        status = Status(now, limits, store.open_count(), pauses, quotas, doubt)
        return self._with_unpriced(store, status)

    def forecast(self, store: Store, now: int) -> Status:
        """Return the state and the forecast of every limit."""
        # Imported here because programs without forecasts need not load it: 4 ms.
        from quotakeeper.engine.limit_forecasts import looks_back_to, with_forecasts  # noqa: PLC0415

        status = self.status(store, now)
        since = looks_back_to(status)
        if since is None:
            return status
        accounts = [entry.limit.account for entry in status.limits]
        return with_forecasts(status, store.account_usage(accounts, since))

    # -- beside the worker

    def standing(self, limits: Sequence[Limit]) -> list[LimitStatus]:
        """Return the state of `limits`, which may be limits that the keeper does not have.

        The ledger keeps balances for these limits from now on.
        """
        worker = self._parts.worker
        accounts = tuple({limit.account.key: limit.account for limit in limits}.values())
        worker.carry_out(Watch(accounts))
        verdicts: list[Verdict] = worker.ask(lambda store, now: store.verdicts(limits, now))
        standing = Status(self._parts.ledger_clock.now(), tuple(map(limit_status, verdicts)))
        told: Status = worker.ask(lambda store, now: self._with_unpriced(store, standing))
        return list(told.limits)

    def _with_unpriced(self, store: Store, status: Status) -> Status:
        since = unpriced_since(status)
        return status if since is None else with_unpriced(status, store.unpriced_buckets(since))

    def usage(self, since: int | None, until: int | None, by: Sequence[str]) -> UsageTable:
        """Return the usage booked in `[since, until)` (microseconds since 1970 UTC), grouped by
        `by`."""
        return add_up(self._used(since, until), by, self.zone)

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Yield events in the order in which they were committed."""
        return self._opened().events(query)

    def event(self, event_id: str) -> UsageEvent | None:
        """Return the event with this id; None if there is none."""
        return next(self.events(EventQuery(id=event_id)), None)

    def slots(self, since: int | None, until: int | None) -> Iterator[BucketSum]:
        """Yield the sums of all five-minute slots that overlap `[since, until)`."""
        return self._opened().slots(since, until)

    def entries(self, after: int) -> Iterator[Entry]:
        """Yield the journal entries after the sequence number `after`."""
        return self._opened().entries(after)

    def verify(self) -> list[Problem]:
        """Compute all balances again from the journal and return the differences. Empty if there
        are none."""
        worker = self._parts.worker
        with suppress(LedgerCorruptError):  # `verify` reports this damage too
            worker.ask(_nothing)
        return worker.store.verify()

    def verify_new(self, *, whole: bool) -> Verification:
        """Verify the entries after the last verified one; with `whole`, all entries."""
        worker = self._parts.worker
        with suppress(LedgerCorruptError):  # as above
            worker.ask(_nothing)
        return worker.store.verify_new(whole=whole)

    def back_up(self, to: str) -> None:
        """Copy the committed data to a new file at the path `to`. Raises InvalidInputError,
        LedgerError."""
        self._opened().back_up(to)

    def _opened(self) -> Store:
        """Return the store, after the worker has opened it and written all earlier commands."""
        self._parts.worker.ask(_nothing)
        return self._parts.worker.store

    def _used(self, since: int | None, until: int | None) -> Iterator[BucketSum]:
        """Yield the usage in `[since, until)`.

        Whole five-minute slots are yielded as sums. If a slot is only partly in the range, its
        events are yielded one by one.
        """
        first = None if since is None else -(-since // BUCKET) * BUCKET
        last = None if until is None else bucket_start(until)
        cuts = (
            self.zone.utcoffset(moment(self._parts.ledger_clock.now())) or timedelta(0)
        ) % timedelta(minutes=5)
        if cuts or (first is not None and last is not None and first >= last):
            yield from map(of_one, self.events(EventQuery(since, until)))
            return
        if since is not None and first != since:
            yield from map(of_one, self.events(EventQuery(since, first)))
        yield from self.slots(first, last)
        if until is not None and last != until:
            yield from map(of_one, self.events(EventQuery(last, until)))


def _nothing(store: Store, now: int) -> None:
    store.verdicts((), now)
