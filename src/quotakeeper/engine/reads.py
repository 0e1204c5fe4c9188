"""The half of a keeper that looks: where limits stand, usage, events, the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo

from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.status import (
    LimitStatus,
    Status,
    UsageRow,
    add_up,
    limit_status,
)
from quotakeeper.domain.forecasting.time_buckets import BUCKET, BucketSum, bucket_start, of_one
from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import EventQuery, LedgerReader, Problem
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.engine.composition import Composition


class Reads(Composition):
    """The verbs of a keeper that change nothing but which balances are kept."""

    zone: tzinfo

    def now(self) -> int:
        """The clock's time, microseconds since 1970 UTC."""
        return self._clock.now()

    def standing(self, limits: Sequence[Limit]) -> list[LimitStatus]:
        """Where limits stand that need not be this keeper's own; their balances are kept."""
        accounts = tuple({limit.account.key: limit.account for limit in limits}.values())
        self.worker.carry_out(Watch(accounts))
        verdicts: list[Verdict] = self.worker.ask(lambda store, now: store.verdicts(limits, now))
        return [limit_status(verdict) for verdict in verdicts]

    def status(self, *, forecasts: bool = True) -> Status:
        """Where every limit stands now and, unless that is not wanted, where it is going."""
        status: Status = self.worker.ask(self._foreseen if forecasts else self._status)
        return status

    async def astatus(self, *, forecasts: bool = True) -> Status:
        """`status`, awaited."""
        status: Status = await self.worker.aask(self._foreseen if forecasts else self._status)
        return status

    def usage(
        self, since: int | None = None, until: int | None = None,
        by: Sequence[str] = ("provider", "model", "operation"),
    ) -> list[UsageRow]:  # fmt: skip
        """Usage booked in `[since, until)` (microseconds), added up; see reports.DIMENSIONS."""
        return add_up(self._used(since, until), by, self.zone)

    def _used(self, since: int | None, until: int | None) -> Iterator[BucketSum]:
        """What was used in a range: by slot, and by the single events where it cuts a slot."""
        first = None if since is None else -(-since // BUCKET) * BUCKET
        last = None if until is None else bucket_start(until)
        cuts = (self.zone.utcoffset(moment(self.now())) or timedelta(0)) % timedelta(minutes=5)
        if cuts or (first is not None and last is not None and first >= last):
            yield from map(of_one, self.events(since, until))
            return
        if since is not None and first != since:
            yield from map(of_one, self.events(since, first))
        yield from self.slots(first, last)
        if until is not None and last != until:
            yield from map(of_one, self.events(last, until))

    async def ausage(
        self, since: int | None = None, until: int | None = None,
        by: Sequence[str] = ("provider", "model", "operation"),
    ) -> list[UsageRow]:  # fmt: skip
        """`usage`, awaited: read in a thread, so that the loop goes on."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.usage, since, until, by)

    def events(
        self, since: int | None = None, until: int | None = None, *, provider: str = "",
        model: str = "", operation: str = "", limit: int | None = None, newest_first: bool = False,
    ) -> Iterator[UsageEvent]:  # fmt: skip
        """Events booked in `[since, until)`, one after the other, as they were committed."""
        return self._events_of(
            EventQuery(since, until, provider, model, operation, limit, newest_first)
        )

    def event(self, event_id: str) -> UsageEvent | None:
        """The event of this id, or None: there is none, or it is still an open reservation."""
        return next(self._events_of(EventQuery(id=event_id)), None)

    async def aevent(self, event_id: str) -> UsageEvent | None:
        """`event`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.event, event_id)

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Usage added up over five minutes each: the slots that overlap `[since, until)`."""
        self.worker.ask(_opened)
        return self.worker.store.slots(since, until)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The journal after a sequence number."""
        self.worker.ask(_opened)
        return self.worker.store.entries(after)

    def reservations(self) -> list[Hold]:
        """The open reservations, oldest first."""
        holds: list[Hold] = self.worker.ask(self._holds)
        return holds

    def verify(self) -> list[Problem]:
        """Derive everything again from the journal and compare; empty when all is well."""
        self.worker.ask(_opened)
        return self.worker.store.verify()

    async def averify(self) -> list[Problem]:
        """`verify`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.verify)

    def _events_of(self, query: EventQuery) -> Iterator[UsageEvent]:
        self.worker.ask(_opened)
        return self.worker.store.events(query)

    def _status(self, store: LedgerReader, now: int) -> Status:
        verdicts = store.verdicts(self.limits, now)
        return Status(now, tuple(map(limit_status, verdicts)), store.open_count())

    def _foreseen(self, store: LedgerReader, now: int) -> Status:
        # Who never looks ahead does not pay for it: 4 ms of the import.
        from quotakeeper.engine.limit_forecasts import looks_back_to, with_forecasts  # noqa: PLC0415

        status = self._status(store, now)
        since = looks_back_to(status)
        if since is None:
            return status
        accounts = [entry.limit.account for entry in status.limits]
        return with_forecasts(status, store.paces(accounts, since))


def _opened(store: LedgerReader, now: int) -> None:
    """Asked before another connection reads: the ledger opens, and what went before is written."""
    store.verdicts((), now)
