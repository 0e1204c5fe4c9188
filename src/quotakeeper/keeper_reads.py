"""The methods of a keeper that read its ledger: the state of limits, usage, events and entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.domain.forecasting.status import Status, UsageTable
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import EventQuery, Problem, Verification
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.assembly import Engine


class KeeperReads:
    """The reads of a Keeper. None of them changes the ledger."""

    _engine: Engine

    def now(self) -> int:
        """The trusted wall time, in microseconds since 1970 UTC."""
        return self._engine.parts.ledger_clock.now()

    def status(self, *, forecasts: bool = True) -> Status:
        """The state of every limit and, unless `forecasts` is false, its forecast."""
        reads = self._engine.reads
        status: Status = self._engine.worker.ask(reads.forecast if forecasts else reads.status)
        return status

    async def astatus(self, *, forecasts: bool = True) -> Status:
        """Awaitable form of `status`."""
        reads = self._engine.reads
        asked = reads.forecast if forecasts else reads.status
        status: Status = await self._engine.worker.aask(asked)
        return status

    def usage(
        self, since: int | None = None, until: int | None = None,
        by: Sequence[str] = ("provider", "model", "operation"),
    ) -> UsageTable:  # fmt: skip
        """Usage booked in `[since, until)` (microseconds), added up by the dimensions in `by`.

        `status.DIMENSIONS` lists all dimensions.
        """
        return self._engine.reads.usage(since, until, by)

    async def ausage(
        self, since: int | None = None, until: int | None = None,
        by: Sequence[str] = ("provider", "model", "operation"),
    ) -> UsageTable:  # fmt: skip
        """Awaitable form of `usage`. Reads the ledger in a thread, so the event loop is not
        blocked."""
        import asyncio  # noqa: PLC0415 - slow to import

        return await asyncio.to_thread(self.usage, since, until, by)

    def events(
        self, since: int | None = None, until: int | None = None, *, provider: str = "",
        model: str = "", operation: str = "", limit: int | None = None, newest_first: bool = False,
    ) -> Iterator[UsageEvent]:  # fmt: skip
        """Yield the events booked in `[since, until)` (microseconds), in commit order."""
        return self._engine.reads.events(
            EventQuery(since, until, provider, model, operation, limit, newest_first)
        )

    def event(self, event_id: str) -> UsageEvent | None:
        """The event with this id. None if there is no event, for example for an open reservation."""
        return self._engine.reads.event(event_id)

    async def aevent(self, event_id: str) -> UsageEvent | None:
        """Awaitable form of `event`."""
        import asyncio  # noqa: PLC0415 - slow to import

        return await asyncio.to_thread(self.event, event_id)

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Yield the sums of all five-minute slots that overlap `[since, until)` (microseconds)."""
        return self._engine.reads.slots(since, until)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after the sequence number `after`."""
        return self._engine.reads.entries(after)

    def reservations(self) -> list[Hold]:
        """The open reservations, oldest first."""
        holds: list[Hold] = self._engine.worker.ask(self._engine.reads.holds)
        return holds

    def verify(self) -> list[Problem]:
        """Compute all balances again from the journal and return the differences. Empty if there
        are none."""
        return self._engine.reads.verify()

    def verify_new(self, *, whole: bool = False) -> Verification:
        """Verify the entries after the last verified one, and everything that they changed.

        Stores how far the ledger is verified, if there is no problem. With `whole`, reads the whole
        journal. It also does so if the new entries cannot be verified alone; the result says why.
        """
        return self._engine.reads.verify_new(whole=whole)

    async def averify_new(self, *, whole: bool = False) -> Verification:
        """Awaitable form of `verify_new`."""
        import asyncio  # noqa: PLC0415 - slow to import

        return await asyncio.to_thread(self.verify_new, whole=whole)

    async def averify(self) -> list[Problem]:
        """Awaitable form of `verify`."""
        import asyncio  # noqa: PLC0415 - slow to import

        return await asyncio.to_thread(self.verify)
