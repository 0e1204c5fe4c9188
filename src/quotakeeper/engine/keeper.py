"""The keeper: what a program holds to reserve, settle, record and look."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from quotakeeper.clocks import Clock
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import Store
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import CallBuilder
from quotakeeper.engine.observers import Observer
from quotakeeper.engine.pending_reservation import PendingReservation
from quotakeeper.engine.reads import Reads
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.retention import Retention
from quotakeeper.engine.threshold_warnings import Warner
from quotakeeper.engine.worker.offload import offload
from quotakeeper.errors import LedgerError

if TYPE_CHECKING:
    from quotakeeper.engine.leases.block_sizing import BlockSizing

DEFAULT_TTL_SECONDS = 3_600.0


class KeeperBase(Reads, Retention):
    """Everything a keeper does, over parts it is given; `quotakeeper.Keeper` puts them together.

    Safe to use from many threads, coroutines, and processes at once, and after a fork. Every
    method that has a twin with an `a` in front can be awaited instead of blocking.
    """

    def __init__(  # noqa: PLR0913 - the parts that wiring puts together
        self, store: Store, reader: CallBuilder, limits: tuple[Limit, ...], zone: tzinfo,
        clock: Clock, *, spool_beside: Path | None = None, on_warning: Warner | None = None,
        granting: BlockSizing | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            store, reader, limits, clock, spool_beside=spool_beside, on_warning=on_warning,
            granting=granting,
        )  # fmt: skip
        self.zone = zone
        # A keeper that is dropped does not leave its thread behind.
        self._finalizer = weakref.finalize(self, self.worker.close, 0)

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
        Raises LimitExceeded, UnpricedModelError, InvalidInputError, KeyConflictError, or a
        LedgerError when the ledger cannot say (unless `on_store_failure = "allow"`).
        """
        lane, key = self.leases, None
        if lane is not None and event_id is None:
            key = lane.key(provider, model, operation, scope, options, ttl_seconds, quantities)
            if leased := lane.take(key):
                return self._leased_handle(self, lane, leased)
        call = self._reader.call(provider, model, operation, scope, options)
        command = self._asked(call, quantities, event_id, ttl_seconds)
        try:
            if (
                lane is not None
                and key is not None
                and (leased := self._leased(key, call, command))
            ):
                return self._leased_handle(self, lane, leased)
            return self._admitted(call, self.ask_for(command))
        except LedgerError as error:
            return self._unbacked(call, command, error)

    def areserve(self, provider: str, **given: Any) -> PendingReservation:
        """`reserve` to be awaited, or entered with `async with keeper.areserve(...) as call`."""
        return PendingReservation(self._areserve(provider, **given))

    async def _areserve(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        ttl_seconds: float = DEFAULT_TTL_SECONDS, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Reservation:  # fmt: skip
        lane, key = self.leases, None
        if lane is not None and event_id is None:
            key = lane.key(provider, model, operation, scope, options, ttl_seconds, quantities)
            if leased := lane.take(key):
                return self._leased_handle(self, lane, leased)
        call = self._reader.call(provider, model, operation, scope, options)
        command = self._asked(call, quantities, event_id, ttl_seconds)
        try:
            if (
                lane is not None
                and key is not None
                and (leased := await self._aleased(key, call, command))
            ):
                return self._leased_handle(self, lane, leased)
            return self._admitted(call, await self.aask_for(command))
        except LedgerError as error:
            return self._unbacked(call, command, error)

    def check(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Decision:  # fmt: skip
        """Whether `reserve` would admit this call now; changes nothing."""
        call = self._reader.call(provider, model, operation, scope, options)
        figures = self.estimated(call, quantities)
        decision: Decision = self.worker.ask(
            lambda store, now: store.check(call.labels, figures, call.limits, now)
        )
        return decision

    async def acheck(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None,
        **quantities: Any,
    ) -> Decision:  # fmt: skip
        """`check`, awaited."""
        call = self._reader.call(provider, model, operation, scope, options)
        figures = self.estimated(call, quantities)
        decision: Decision = await self.worker.aask(
            lambda store, now: store.check(call.labels, figures, call.limits, now)
        )
        return decision

    def settle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """End a reservation, or the open one of this id, at its true figures.

        By id (perhaps of another process), its price options are the usual ones.
        """
        if isinstance(reservation, str):
            reservation = self._taken_up(self.reservations(), reservation)
        return reservation.settle(**given)

    async def asettle(self, reservation: Reservation | str, **given: Any) -> UsageEvent:
        """`settle`, awaited."""
        if isinstance(reservation, str):
            holds = await self.worker.aask(self._holds)
            reservation = self._taken_up(holds, reservation)
        return await reservation.asettle(**given)

    def release(self, reservation: Reservation | str) -> None:
        """End a reservation, or the open one of this id: nothing was used."""
        if isinstance(reservation, str):
            reservation = self._taken_up(self.reservations(), reservation)
        reservation.release()

    async def arelease(self, reservation: Reservation | str) -> None:
        """`release`, awaited."""
        if isinstance(reservation, str):
            holds = await self.worker.aask(self._holds)
            reservation = self._taken_up(holds, reservation)
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
        call = self._reader.call(provider, model, operation, scope, options)
        command = self._recorded(call, given, event_id, at)
        try:
            return self.booked(self.worker.carry_out(command))
        except LedgerError as error:
            return self._spooled(command, error)

    async def arecord(
        self, provider: str, *, model: str = "", operation: str = "call",
        scope: Mapping[str, str] | None = None, event_id: str | None = None,
        at: int | None = None, options: Mapping[str, str] | None = None, **given: Any,
    ) -> UsageEvent:  # fmt: skip
        """`record`, awaited."""
        call = self._reader.call(provider, model, operation, scope, options)
        command = self._recorded(call, given, event_id, at)
        try:
            return self.booked(await self.worker.acarry_out(command))
        except LedgerError as error:
            return await offload(partial(self._spooled, command, error))

    # -- correct

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
        event = self.event(event_id)
        if event is None:
            raise self._not_counted(event_id, self.reservations())
        return self.booked(self.worker.carry_out(self._corrected(event, given, options)))

    async def acorrect(
        self, event_id: str, *, options: Mapping[str, str] | None = None, **given: Any
    ) -> UsageEvent:
        """`correct`, awaited."""
        event = await self.aevent(event_id)
        if event is None:
            holds = await self.worker.aask(self._holds)
            raise self._not_counted(event_id, holds)
        command = self._corrected(event, given, options)
        return self.booked(await self.worker.acarry_out(command))

    # -- observers

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of every call and limit of this keeper; gives what ends that.

        It is called with the frozen events of `quotakeeper.domain.observations`: CallAdmitted,
        CallRefused, CallSettled, CallAssumed, CallCorrected, CallUnpriced, ThresholdCrossed. One
        thread calls all observers of a keeper, one event after the other, so no call waits for
        them; `close` tells what waits still. When 10,000 wait, further ones are left out, with a
        warning in the log. What an observer raises is logged.
        """
        return self._observers.subscribe(observer)

    def close(self) -> None:
        """Finish what was handed over, end open reservations of this process, let go."""
        self._finalizer.detach()
        self.worker.close()

    async def aclose(self) -> None:
        """`close`, awaited."""
        import asyncio  # noqa: PLC0415 - see Worker

        await asyncio.to_thread(self.close)

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.aclose()
