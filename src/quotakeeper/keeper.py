"""The Keeper: the object that a program uses to reserve, settle, record and read usage."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from quotakeeper.alert_wiring import with_refusal_notes
from quotakeeper.clocks import Clock
from quotakeeper.config import Settings, load_settings
from quotakeeper.config.limit_tables import at_key
from quotakeeper.config.policies import with_policies
from quotakeeper.config.settings import lease_size
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ports import Compacted
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.assembly import Engine
from quotakeeper.engine.observers import Observer
from quotakeeper.engine.pending_reservation import PendingReservation
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.threshold_warnings import Warner
from quotakeeper.engine.worker.steps import arun, run
from quotakeeper.function_meter import FunctionMeter
from quotakeeper.keeper_reads import KeeperReads
from quotakeeper.value_classes import replace
from quotakeeper.wiring import wire

DEFAULT_TTL_SECONDS = 3_600.0


class Keeper(FunctionMeter, KeeperReads):
    """The meter and the limits: reserve before a call, settle after it, read the state of limits.

    `ledger` is a path or a URL ("sqlite:///path", "memory:"). `config` is a file, a mapping of the
    same form, or Settings. Values that are not given come from the environment, else from the
    config file, else from the defaults. `durability` is "power" (default: a confirmed write
    survives a power cut) or "process" (it survives kill -9). With `lease`, this process reserves
    parts of the limits and admits calls on them in memory: "auto", a number of calls, or "off"
    (default). `on_limit` ("raise", "wait", "clamp", "warn"), `on_busy` ("wait", "refuse") and
    `hold` ("worst_case", "typical") decide about calls that do not fit in a hard limit.
    `busy_seconds`, `wait_seconds` and `clamp_least` are numbers for these decisions. Each option
    overrides the setting of the same name. `on_warning` is called with a LimitWarning when use
    passes a threshold, once per period for all processes. If use falls below the threshold, the
    next crossing calls `on_warning` again. Without `on_warning`, the warning is logged, or printed
    on stderr without a log handler. Raises ConfigError.

    Safe for many threads, coroutines and processes at once, and after a fork. Each blocking method
    has an awaitable form whose name begins with `a`.
    """

    def __init__(  # noqa: PLR0913 - all options of a keeper, by name
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
        self._drive(with_refusal_notes(wired.engine, settings))

    def _drive(self, engine: Engine) -> None:
        """Use `engine` for all methods of this keeper. When the keeper is deleted, close the
        engine's worker."""
        self._engine = engine  # used by engine_of
        self._parts = engine.parts
        self._admission = engine.admission
        self.limits, self.zone = engine.limits, engine.zone
        # When the keeper is deleted, its thread ends. Open reservations still refer to the parts.
        self._finalizer = weakref.finalize(engine.parts, engine.worker.close, 0)
        self._finalizer.atexit = False  # at exit, the lifecycle closes it

    # -- reserve

    def reserve(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        ttl_seconds: float = DEFAULT_TTL_SECONDS, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Reservation:  # fmt: skip
        """Reserve the most that a call can use, in every limit that applies. The call must fit in
        all of them.

        Quantities by name, in whole units: `input_tokens`, `cached_input_tokens`, `output_tokens`,
        `thought_tokens`, `characters`, `requests` (default 1), `searches`, `images`.
        `audio_seconds` may have decimals (`channels=` multiplies it). For `input_text` and
        `output_text`, an upper bound of their tokens is reserved. Labelled quantities:
        `quantities={"input_tokens@audio": 40}`. A repeat with the same `event_id` reserves nothing
        more. With `sent=True`, the same commit also does `mark_sent`. If other calls under way are
        the only reason that the call does not fit, `reserve` waits for them (`on_busy`). `reserve`
        never waits for another call of the same thread or task, and never blocks an event loop.
        With `at_once=True`, it never waits. `on_limit="wait"` is this call's own policy. With
        "clamp", `hold.quantities["output_tokens"]` may be lower than the requested amount: send it
        as the output cap. `decision.basis` has the reasons for the amounts. Raises LimitExceeded,
        PausedError, UnpricedModelError, InvalidInputError (also for an unknown provider),
        KeyConflictError, or a LedgerError (unless `on_store_failure = "allow"`).
        """
        begun = self._admission.begin(
            provider, model, operation, scope, options, ttl_seconds, event_id, quantities
        )
        return begun if isinstance(begun, Reservation) else run(self._parts.worker, begun)

    def areserve(self, provider: str, **given: Any) -> PendingReservation:
        """`reserve` for coroutines: await it, or use `async with keeper.areserve(...) as call`."""
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
        """The decision that `reserve` would make about this call now. Reserves nothing."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        decision: Decision = self._parts.worker.ask(self._admission.check(call, quantities))
        return decision

    async def acheck(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Decision:  # fmt: skip
        """Awaitable form of `check`."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        decision: Decision = await self._parts.worker.aask(self._admission.check(call, quantities))
        return decision

    def settle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """End a reservation with the true figures of its call. Takes the reservation or its id.

        The id may belong to a reservation of another process. A call that is settled by id has the
        default price options.
        """
        if isinstance(reservation, str):
            reservation = run(self._parts.worker, self._admission.take_up(reservation))
        return reservation.settle(**given)

    async def asettle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """Awaitable form of `settle`."""
        if isinstance(reservation, str):
            reservation = await arun(self._parts.worker, self._admission.take_up(reservation))
        return await reservation.asettle(**given)

    def release(self, reservation: Reservation | str) -> None:
        """End the reservation of a call that used nothing. Takes the reservation or its id."""
        if isinstance(reservation, str):
            reservation = run(self._parts.worker, self._admission.take_up(reservation))
        reservation.release()

    async def arelease(self, reservation: Reservation | str) -> None:
        """Awaitable form of `release`."""
        if isinstance(reservation, str):
            reservation = await arun(self._parts.worker, self._admission.take_up(reservation))
        await reservation.arelease()

    # -- record

    def record(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        at: int | None = None, options: Mapping[str, str] | None = None, **given: Any,
    ) -> UsageEvent:  # fmt: skip
        """Count usage that had no reservation. Each `event_id` counts only once, for ever.

        Takes the quantities of `reserve`, and `provenance`, `outcome` ("ok", "error", "unknown"),
        `model_served`, `duration_ms`, `note`. No limit refuses the usage. It is priced and counted
        at the instant `at`, in microseconds since 1970 UTC (None: now).
        """
        call = self._engine.calls.call(provider, model, operation, scope, options)
        return run(self._parts.worker, self._engine.records.record(call, given, event_id, at))

    async def arecord(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        at: int | None = None, options: Mapping[str, str] | None = None, **given: Any,
    ) -> UsageEvent:  # fmt: skip
        """Awaitable form of `record`."""
        call = self._engine.calls.call(provider, model, operation, scope, options)
        return await arun(
            self._parts.worker, self._engine.records.record(call, given, event_id, at)
        )

    def correct(
        self, event_id: str, *, options: Mapping[str, str] | None = None, **given: Any
    ) -> UsageEvent:
        """Replace the figures of a counted event. The old figures stay in the journal.

        Takes the arguments of `record`. Values that are not given stay. If one quantity is given,
        the given quantities replace all old quantities. The new figures are priced at the event's
        instant, with the event's labels and price options (or `options`). `cost_usd` is the cost
        that the provider charged. No limit refuses a correction. A second correction with the same
        figures changes nothing. Raises InvalidInputError for an unknown id, an open reservation, or
        figures that are not valid.
        """
        return run(self._parts.worker, self._engine.records.correct(event_id, given, options))

    async def acorrect(
        self, event_id: str, *, options: Mapping[str, str] | None = None, **given: Any
    ) -> UsageEvent:
        """Awaitable form of `correct`."""
        return await arun(
            self._parts.worker, self._engine.records.correct(event_id, given, options)
        )

    # -- observe

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Pass all events of this keeper to `observer`. Call the returned function to stop.

        The observer gets the frozen events of `quotakeeper.domain.observations`: CallAdmitted,
        CallRefused, CallSettled, CallAssumed, CallCorrected, CallUnpriced, ThresholdCrossed. One
        thread calls all observers, one event at a time, so no call waits for them. `close` passes
        the waiting events to the observers first. If 10,000 events wait, further events are dropped
        and a warning is logged. Errors of an observer are logged.
        """
        return self._engine.observers.subscribe(observer)

    # -- upkeep

    def compact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """Delete individual calls that ended more than `keep_days` days ago. Totals stay.

        Returns the number of deleted calls, and the instant from which all calls are kept. Balances
        and five-minute sums stay, so limits and reports do not change. Open reservations and
        current periods keep all their entries. A deleted id counts as new if it is sent again.
        Others can keep using the ledger. `shrink` returns the freed space to the file system: it
        copies the whole file under its lock. Raises InvalidInputError below 35 days, and LedgerError.
        """
        return self._engine.retention.compact(keep_days, shrink=shrink)

    async def acompact(self, keep_days: int, *, shrink: bool = False) -> Compacted:
        """Awaitable form of `compact`."""
        import asyncio  # noqa: PLC0415 - slow to import

        return await asyncio.to_thread(self.compact, keep_days, shrink=shrink)

    def close(self) -> None:
        """Finish all waiting work, end this process's open reservations, and close the ledger."""
        self._finalizer.detach()
        self._parts.worker.close()

    async def aclose(self) -> None:
        """Awaitable form of `close`."""
        import asyncio  # noqa: PLC0415 - slow to import

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
    """The engine of a keeper, for this package and its tests only; it is not a public interface."""
    return keeper._engine
