"""The half of a keeper that looks: where limits stand, usage, events, the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Protocol

from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.status import (
    LimitStatus,
    Status,
    UsageRow,
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
from quotakeeper.domain.ports import EventQuery, Problem, Store
from quotakeeper.domain.quotas import ProviderQuota, beside
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.seen_quotas import SeenQuotas
from quotakeeper.errors import LedgerCorruptError


class CallsUnderWay(Protocol):
    """Calls that the ledger does not know of yet; see LeaseTable."""

    def draw_under_way(self, store: Store, now: int) -> None:
        """Make the ledger know of them."""


Presets = Callable[[int], tuple[ProviderQuota, ...]]


@dataclass(frozen=True, slots=True)
class QuotaReads:
    """Where the providers' own quotas are looked up: what this process was told, and presets.

    `presets` gives those that hold at an instant; None: there are none.
    """

    seen: SeenQuotas
    presets: Presets | None = None

    def at(self, store: Store, now: int) -> tuple[ProviderQuota, ...]:
        """Every quota that is known."""
        kept = self.seen.with_unwritten(store.quotas())
        return beside(kept, self.presets(now) if self.presets is not None else (), now)


class Reads:
    """Looks at the ledger. Nothing is changed but which balances are kept.

    What is asked of the worker is a question; what reads beside the worker blocks this thread.
    """

    def __init__(
        self, parts: EngineParts, limits: tuple[Limit, ...], zone: tzinfo,
        leases: CallsUnderWay | None, quotas: QuotaReads,
    ) -> None:  # fmt: skip
        self._quotas = quotas
        self._parts = parts
        self._limits = limits
        self._leases = leases
        self.zone = zone

    # -- questions

    def holds(self, store: Store, now: int) -> list[Hold]:
        """The open reservations; what is under way on a lease of this process is one by then."""
        if self._leases is not None:
            self._leases.draw_under_way(store, now)
        return store.holds()

    def status(self, store: Store, now: int) -> Status:
        """Where every limit stands."""
        verdicts = store.verdicts(self._limits, now)
        limits = tuple(map(limit_status, verdicts))
        quotas, doubt = self._quotas.at(store, now), self._parts.ledger_clock.doubt
        pauses = store.pauses(now)
        status = Status(now, limits, store.open_count(), pauses, quotas, doubt)
        return self._with_unpriced(store, status)

    def forecast(self, store: Store, now: int) -> Status:
        """Where every limit stands, and where it is going."""
        # Who never looks ahead does not pay for it: 4 ms of the import.
        from quotakeeper.engine.limit_forecasts import looks_back_to, with_forecasts  # noqa: PLC0415

        status = self.status(store, now)
        since = looks_back_to(status)
        if since is None:
            return status
        accounts = [entry.limit.account for entry in status.limits]
        return with_forecasts(status, store.account_usage(accounts, since))

    # -- beside the worker

    def standing(self, limits: Sequence[Limit]) -> list[LimitStatus]:
        """Where limits stand that need not be the keeper's own; their balances are kept."""
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

    def usage(self, since: int | None, until: int | None, by: Sequence[str]) -> list[UsageRow]:
        """Usage booked in `[since, until)` (microseconds), added up."""
        return add_up(self._used(since, until), by, self.zone)

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Events, one after the other, as they were committed."""
        return self._opened().events(query)

    def event(self, event_id: str) -> UsageEvent | None:
        """The event of this id, or None."""
        return next(self.events(EventQuery(id=event_id)), None)

    def slots(self, since: int | None, until: int | None) -> Iterator[BucketSum]:
        """Usage added up over five minutes each: the slots that overlap `[since, until)`."""
        return self._opened().slots(since, until)

    def entries(self, after: int) -> Iterator[Entry]:
        """The journal after a sequence number."""
        return self._opened().entries(after)

    def verify(self) -> list[Problem]:
        """Derive everything again from the journal and compare; empty when all is well."""
        worker = self._parts.worker
        with suppress(LedgerCorruptError):  # which it lists, with all other damage
            worker.ask(_nothing)
        return worker.store.verify()

    def _opened(self) -> Store:
        """The store, before another connection reads: it is open, and what went before is written."""
        self._parts.worker.ask(_nothing)
        return self._parts.worker.store

    def _used(self, since: int | None, until: int | None) -> Iterator[BucketSum]:
        """What was used in a range: by slot, and by the single events where it cuts a slot."""
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
