"""The keeper: what a program holds to reserve, settle, record and look."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from quotakeeper.clocks import Clock
from quotakeeper.config import Settings, load_settings
from quotakeeper.config.limit_tables import at_key
from quotakeeper.config.policies import with_policies
from quotakeeper.config.settings import lease_size
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.forecasting.status import Status, UsageRow
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import Compacted, EventQuery, Problem
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.assembly import Engine
from quotakeeper.engine.observers import Observer
from quotakeeper.engine.pending_reservation import PendingReservation
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.threshold_warnings import Warner
from quotakeeper.engine.worker.steps import arun, run
from quotakeeper.order_giver import OrderGiver
from quotakeeper.wiring import wire

DEFAULT_TTL_SECONDS = 3_600.0


class Keeper(OrderGiver):
    """The meter and the brake: reserve before a call, settle after it, see where limits stand.

    `ledger` is a path or a URL ("sqlite:///path", "memory:"), `config` a file, a mapping shaped
    like one, or Settings; None means the environment, then the defaults. `durability` is "power"
    (an acknowledged write survives a power cut; the default) or "process" (it survives kill -9).
    `lease` admits calls in memory, on slices of the limits: "auto", for how many calls a slice is,
    or "off" (the default).
    `on_limit` ("raise", "wait", "clamp", "warn"), `on_busy` ("wait", "refuse"), `hold`
    ("worst_case", "typical") and their numbers are the settings of the same names: what is done
    with a call that a hard limit has no room for.
    `on_warning` is called with a Verdict the first time that use of a limit passes one of its
    thresholds in a period, once for all processes on a ledger, and again after use has fallen below
    it; without it the warning is logged, or printed on stderr where no handler listens. Raises
    ConfigError.

    Safe to use from many threads, coroutines, and processes at once, and after a fork. Every
    method that has a twin with an `a` in front can be awaited instead of blocking.
    """

    def __init__(  # noqa: PLR0913 - what a keeper may be opened with, by name
        self,
        ledger: str | os.PathLike[str] | None = None,
        config: Settings | Mapping[str, object] | str | os.PathLike[str] | None = None,
        durability: str | None = None,
        *,
        lease: str | int | None = None,
        on_limit: str | None = None,
        on_busy: str | None = None,
        hold: str | None = None,
        busy_seconds: int | None = None,
        wait_seconds: int | None = None,
        clamp_least: int | None = None,
        clock: Clock | None = None,
        on_warning: Warner | None = None,
    ) -> None:
        settings = load_settings(ledger, config)
        if lease is not None:
            settings = replace(settings, lease=at_key("lease", lease_size, lease))
        settings = with_policies(settings, {
            "on_limit": on_limit, "on_busy": on_busy, "hold": hold, "busy_seconds": busy_seconds,
            "wait_seconds": wait_seconds, "clamp_least": clamp_least,
        })  # fmt: skip
        wired = wire(settings, durability, clock, on_warning)
        self.settings = settings
        self.durability = wired.durability
        self.prices = wired.prices
        self._drive(wired.engine)

    def _drive(self, engine: Engine) -> None:
        """Be the face of this engine."""
        self._engine = engine  # for siblings: see engine_of
        self._parts = engine.parts
        self._admission = engine.admission
        self.limits, self.zone = engine.limits, engine.zone
        # A keeper that is dropped does not leave its thread behind; its reservations hold it.
        self._finalizer = weakref.finalize(engine.parts, engine.worker.close, 0)
        self._finalizer.atexit = False  # then the lifecycle closes it, and later calls are served

    # -- reserve

    def reserve(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        ttl_seconds: float = DEFAULT_TTL_SECONDS, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Reservation:  # fmt: skip
        """Set aside the most a call can use, against every limit that applies, all or nothing.

        Quantities by name, in whole units: `input_tokens`, `cached_input_tokens`,
        `output_tokens`, `thought_tokens`, `characters`, `requests` (1 unless given), `searches`,
        `images`; `audio_seconds` may have decimals (with `channels=` for each billed channel);
        `input_text` and `output_text` are counted here at their upper bound;
        `quantities={"input_tokens@audio": 40}` for labelled ones. `event_id` makes it idempotent.
        With `sent=True` the call leaves as soon as it is admitted: `mark_sent` in the same commit.
        Where only calls under way hold the room, it waits for them (`on_busy`), but never for what
        the own thread or task holds, nor by blocking an event loop. `at_once=True` waits for nothing.
        With `on_limit = "clamp"`, `hold.quantities["output_tokens"]` may be less than was asked: it
        is the output cap to pass on. `decision.basis` says so.
        Raises LimitExceeded, PausedError (at once), UnpricedModelError, InvalidInputError (an unknown
        provider is one), KeyConflictError, or a LedgerError (unless `on_store_failure = "allow"`).
        """
        begun = self._admission.begin(
            provider, model, operation, scope, options, ttl_seconds, event_id, quantities
        )
        return begun if isinstance(begun, Reservation) else run(self._parts.worker, begun)

    def areserve(self, provider: str, **given: Any) -> PendingReservation:
        """`reserve` to be awaited, or entered with `async with keeper.areserve(...) as call`."""
        return PendingReservation(self._areserve(provider, **given))

    async def _areserve(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        ttl_seconds: float = DEFAULT_TTL_SECONDS, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Reservation:  # fmt: skip
        begun = self._admission.begin(
            provider, model, operation, scope, options, ttl_seconds, event_id, quantities
        )
        return begun if isinstance(begun, Reservation) else await arun(self._parts.worker, begun)

    def check(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Decision:  # fmt: skip
        """Whether `reserve` would admit this call now; changes nothing."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        decision: Decision = self._parts.worker.ask(self._admission.check(call, quantities))
        return decision

    async def acheck(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Decision:  # fmt: skip
        """`check`, awaited."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        decision: Decision = await self._parts.worker.aask(self._admission.check(call, quantities))
        return decision

    def settle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """End a reservation, or the open one of this id, at its true figures.

        By id (perhaps of another process), its price options are the usual ones.
        """
        if isinstance(reservation, str):
            reservation = run(self._parts.worker, self._admission.take_up(reservation))
        return reservation.settle(**given)

    async def asettle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """`settle`, awaited."""
        if isinstance(reservation, str):
            reservation = await arun(self._parts.worker, self._admission.take_up(reservation))
        return await reservation.asettle(**given)

    def release(self, reservation: Reservation | str) -> None:
        """End a reservation, or the open one of this id: nothing was used."""
        if isinstance(reservation, str):
            reservation = run(self._parts.worker, self._admission.take_up(reservation))
        reservation.release()

    async def arelease(self, reservation: Reservation | str) -> None:
        """`release`, awaited."""
        if isinstance(reservation, str):
            reservation = await arun(self._parts.worker, self._admission.take_up(reservation))
        await reservation.arelease()

    # -- record

    def record(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        at: int | None = None, options: Mapping[str, str] | None = None, **given: Any,
    ) -> UsageEvent:  # fmt: skip
        """Book usage that had no reservation; counted once for ever under its `event_id`.

        Takes the quantities of `reserve`, and `provenance`, `outcome` ("ok", "error",
        "unknown"), `model_served`, `duration_ms`, `note`. Never refused by a limit. `at`, in
        microseconds since 1970 UTC, is when it was used, for what is written down later: it is
        priced and counted then.
        """
        call = self._engine.calls.call(provider, model, operation, scope, options)
        return run(self._parts.worker, self._engine.records.record(call, given, event_id, at))

    async def arecord(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        at: int | None = None, options: Mapping[str, str] | None = None, **given: Any,
    ) -> UsageEvent:  # fmt: skip
        """`record`, awaited."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        return await arun(
            self._parts.worker, self._engine.records.record(call, given, event_id, at)
        )

    def correct(
        self, event_id: str, *, options: Mapping[str, str] | None = None, **given: Any
    ) -> UsageEvent:
        """Replace the figures of an event that was counted; the old ones stay in the journal.

        Takes what `record` takes. Quantities are replaced as a whole, and priced at the event's
        own instant, for its own labels and price options (or `options=`); `cost_usd` is what the
        provider charged instead. What is not given stays as it is. Never refused for its amount;
        balances follow; the same figures again change nothing. Raises InvalidInputError for an
        unknown id, an open reservation, or figures that are none.
        """
        return run(self._parts.worker, self._engine.records.correct(event_id, given, options))

    async def acorrect(
        self, event_id: str, *, options: Mapping[str, str] | None = None, **given: Any
    ) -> UsageEvent:
        """`correct`, awaited."""
        return await arun(
            self._parts.worker, self._engine.records.correct(event_id, given, options)
        )

    # -- look

    def now(self) -> int:
        """The clock's time, microseconds since 1970 UTC."""
        return self._parts.ledger_clock.now()

    def status(self, *, forecasts: bool = True) -> Status:
        """Where every limit stands now and, unless that is not wanted, where it is going."""
        reads = self._engine.reads
        status: Status = self._parts.worker.ask(reads.forecast if forecasts else reads.status)
        return status

    async def astatus(self, *, forecasts: bool = True) -> Status:
        """`status`, awaited."""
        reads = self._engine.reads
        asked = reads.forecast if forecasts else reads.status
        status: Status = await self._parts.worker.aask(asked)
        return status

    def usage(
        self, since: int | None = None, until: int | None = None,
        by: Sequence[str] = ("provider", "model", "operation"),
    ) -> list[UsageRow]:  # fmt: skip
        """Usage booked in `[since, until)` (microseconds), added up; see reports.DIMENSIONS."""
        return self._engine.reads.usage(since, until, by)

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
        return self._engine.reads.events(
            EventQuery(since, until, provider, model, operation, limit, newest_first)
        )

    def event(self, event_id: str) -> UsageEvent | None:
        """The event of this id, or None: there is none, or it is still an open reservation."""
        return self._engine.reads.event(event_id)

    async def aevent(self, event_id: str) -> UsageEvent | None:
        """`event`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.event, event_id)

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Usage added up over five minutes each: the slots that overlap `[since, until)`."""
        return self._engine.reads.slots(since, until)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The journal after a sequence number."""
        return self._engine.reads.entries(after)

    def reservations(self) -> list[Hold]:
        """The open reservations, oldest first."""
        holds: list[Hold] = self._parts.worker.ask(self._engine.reads.holds)
        return holds

    def verify(self) -> list[Problem]:
        """Derive everything again from the journal and compare; empty when all is well."""
        return self._engine.reads.verify()

    async def averify(self) -> list[Problem]:
        """`verify`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.verify)

    # -- observe

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of every call and limit of this keeper; gives what ends that.

        It is called with the frozen events of `quotakeeper.domain.observations`: CallAdmitted,
        CallRefused, CallSettled, CallAssumed, CallCorrected, CallUnpriced, ThresholdCrossed. One
        thread calls all observers of a keeper, one event after the other, so no call waits for
        them; `close` tells what waits still. When 10,000 wait, further ones are left out, with a
        warning in the log. What an observer raises is logged.
        """
        return self._engine.observers.subscribe(observer)

    # -- upkeep

    def compact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """Let go of the single events and journal entries of calls that ended more than
        `keep_days` days ago; gives how many went, and from when on everything is kept.

        Balances, and usage by five minutes, are kept for ever, so limits and reports say the same
        as before. Reservations that are open and periods under way keep all their entries. The ids
        of calls that went are forgotten: sent once more, such a call would count anew. Other
        callers and processes go on meanwhile. With `shrink` the room is given back to the file
        system, for which the whole file is copied under its lock.

        Raises InvalidInputError below 35 days, and LedgerError.
        """
        return self._engine.retention.compact(keep_days, shrink=shrink)

    async def acompact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """`compact`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        return await asyncio.to_thread(self.compact, keep_days, shrink=shrink)

    def close(self) -> None:
        """Finish what was handed over, end open reservations of this process, let go."""
        self._finalizer.detach()
        self._parts.worker.close()

    async def aclose(self) -> None:
        """`close`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.aclose()


def engine_of(keeper: Keeper) -> Engine:
    """The engine of a keeper, for the package's own modules and tests: nothing here is promised."""
    return keeper._engine
