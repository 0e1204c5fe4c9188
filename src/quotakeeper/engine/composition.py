"""What a keeper does before and after the worker: read the call, take the outcome, warn, spool.

None of it waits, so blocking and awaited callers share all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quotakeeper.clocks import Clock, zone_named
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import (
    Booked,
    Correct,
    Denied,
    Failed,
    Grow,
    Record,
    Reserve,
    Reserved,
)
from quotakeeper.domain.ledger.entries import Figures, event_from
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.numbers import times
from quotakeeper.domain.ports import Store
from quotakeeper.domain.units import Quantities, check_whole
from quotakeeper.domain.usage import Provenance, UsageEvent, check_label
from quotakeeper.domain.windows import MAX_INSTANT, SECOND
from quotakeeper.engine.background_writes import BackgroundWrites
from quotakeeper.engine.call_builder import CallBuilder, PreparedCall
from quotakeeper.engine.corrections import correction
from quotakeeper.engine.journals.replay import LeaseReplay
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.engine.leases.recall import Recall, RecallSign
from quotakeeper.engine.observers import Observers
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.threshold_warnings import Warner
from quotakeeper.engine.worker.maintenance import Maintenance
from quotakeeper.engine.worker.thread import Worker
from quotakeeper.errors import InvalidInputError, LedgerError, LimitExceeded
from quotakeeper.identifiers import new_id

_LONGEST_TTL = 30 * 86_400
if TYPE_CHECKING:
    from quotakeeper.engine.leases.block_sizing import BlockSizing
    from quotakeeper.engine.leases.lease import LeasedCall
    from quotakeeper.engine.leases.lease_table import LeaseTable

_ASKED_FOR = 3

log = logging.getLogger("quotakeeper")


class Composition:
    """The parts of a keeper that never wait."""

    def __init__(
        self, store: Store, reader: CallBuilder, limits: tuple[Limit, ...], clock: Clock,
        *, spool_beside: Path | None, on_warning: Warner | None, granting: BlockSizing | None,
    ) -> None:  # fmt: skip
        self.limits = limits
        self._reader = reader
        self._clock = clock
        self._observers = Observers(on_warning)
        self._spool = Spool(spool_beside, store.owner)
        accounts: dict[str, Account] = {limit.account.key: limit.account for limit in limits}
        sign = RecallSign(spool_beside)
        self.leases: LeaseTable | None = None
        if granting is not None:
            # Loaded by those who have leases: for the others it would be a tenth of the import.
            from quotakeeper.engine.leases.lease_table import LeaseTable  # noqa: PLC0415
            from quotakeeper.engine.leases.leased_reservation import LeasedReservation  # noqa: PLC0415

            self._leased_handle = LeasedReservation
            self.leases = LeaseTable(clock, spool_beside, store.owner, granting, sign)
            self.leases.told = self._observers.aside
        apply = BackgroundWrites(limits, self._observers).apply
        replay = LeaseReplay(spool_beside, apply)
        house = Maintenance(
            clock, self._spool, replay, sign, self.leases, self._observers, apply
        )  # fmt: skip
        self.worker = Worker(store, clock, tuple(accounts.values()), house)

    # -- before

    def _asked(
        self,
        call: PreparedCall,
        quantities: dict[str, Any],
        event_id: str | None,
        ttl_seconds: float,
    ) -> Reserve:
        sent = bool(quantities.pop("sent", False))
        return Reserve(
            self._id(event_id),
            call.labels,
            self.estimated(call, quantities),
            call.limits,
            self.worker.store.owner,
            self.time_to_live(ttl_seconds),
            sent,
        )

    def time_to_live(self, seconds: object) -> int:
        """How long a reservation may stay open, in microseconds, checked."""
        if type(seconds) is float and 0 < seconds <= _LONGEST_TTL:  # the default, and it is hot
            return int(seconds * SECOND)
        ttl = parse_decimal(seconds, "ttl_seconds")
        if not 0 < ttl <= _LONGEST_TTL:
            raise InvalidInputError("ttl_seconds", f"{ttl} is out of range", "give up to 30 days")
        return int(times(ttl, SECOND))

    def estimated(self, call: PreparedCall, quantities: Mapping[str, Any]) -> Figures:
        """The upper bound of a call, priced now."""
        return self._reader.figures(
            call, quantities, self._clock.now(), provenance=Provenance.ESTIMATED, bound=True
        )

    def _recorded(
        self, call: PreparedCall, given: Mapping[str, Any], event_id: str | None, at: int | None
    ) -> Record:
        if at is not None:
            at = min(check_whole(at, "at", most=MAX_INSTANT), self._clock.now())
        figures = self.figures_of(call, given, self._clock.now() if at is None else at)
        return Record(self._id(event_id), call.labels, figures, call.limits, at)

    def _corrected(
        self, event: UsageEvent, given: Mapping[str, Any], options: Mapping[str, str] | None
    ) -> Correct:
        return correction(self._reader, event, given, options)

    def _not_counted(self, event_id: object, holds: Sequence[Hold]) -> InvalidInputError:
        """Why an id has no figures that could be corrected."""
        shown = repr(str(event_id)[:60])
        if any(hold.id == event_id for hold in holds):
            return InvalidInputError(
                "event_id", f"{shown} is an open reservation", "settle it: nothing is counted yet"
            )
        return InvalidInputError(
            "event_id", f"no event {shown} in this ledger", "see: quotakeeper events"
        )

    def figures_of(
        self,
        call: PreparedCall,
        given: Mapping[str, Any],
        at: int,
        otherwise: Quantities | None = None,
    ) -> Figures:
        """What a caller says a call used, priced at the instant it is booked on."""
        return self._reader.figures(call, given, at, otherwise=otherwise)

    def _taken_up(self, holds: Sequence[Hold], reservation_id: str) -> Reservation:
        """A handle on an open reservation that was made elsewhere, by its id."""
        for hold in holds:
            if hold.id == reservation_id:
                labels = hold.labels
                scope = dict(labels.scope)
                call = self._reader.call(
                    labels.provider, labels.model, labels.operation, scope, None
                )
                return Reservation(self, call, hold, Decision(True), None, replay=True)
        problem = f"no open reservation {str(reservation_id)[:60]!r}"
        raise InvalidInputError("reservation", problem, "see Keeper.reservations()")

    def _holds(self, store: Store, now: int) -> list[Hold]:
        """The open reservations; what is under way on a lease of this process is one by then."""
        if self.leases is not None:
            self.leases.draw_under_way(store, now)
        return store.holds()

    def _id(self, event_id: str | None) -> str:
        if event_id is None:
            return new_id(self._clock.now())
        return check_label(event_id, "event_id")

    # -- asking

    def ask_for(self, command: Reserve | Grow) -> Any:
        """Have capacity set aside; before it is refused, what was leased elsewhere comes back."""
        outcome = self.worker.carry_out(command)
        if isinstance(outcome, Denied):
            recall = Recall(self.worker, self._clock, outcome)
            while isinstance(outcome, Denied) and recall.may_help:
                pause: float | None = self.worker.ask(recall.round)
                if pause is None:
                    break
                if pause:
                    self._clock.sleep(pause)
                outcome = recall.denied = self.worker.carry_out(command)
        return outcome

    async def aask_for(self, command: Reserve | Grow) -> Any:
        """`ask_for`, awaited."""
        outcome = await self.worker.acarry_out(command)
        if isinstance(outcome, Denied):
            import asyncio  # noqa: PLC0415 - see Worker

            recall = Recall(self.worker, self._clock, outcome)
            while isinstance(outcome, Denied) and recall.may_help:
                pause: float | None = await self.worker.aask(recall.round)
                if pause is None:
                    break
                if pause:
                    await asyncio.sleep(pause)
                outcome = recall.denied = await self.worker.acarry_out(command)
        return outcome

    def _leased(self, key: Any, call: PreparedCall, command: Reserve) -> LeasedCall | None:
        """Admit a call on a lease that is asked for now; None: it goes the ordinary way."""
        assert self.leases is not None
        shape = self.leases.shape(key, call, command)
        for _ in range(_ASKED_FOR):  # others may take what was granted
            if shape is None or not self.worker.ask(partial(self.leases.grant, shape)):
                break
            if leased := self.leases.take(key):
                return leased
        return None

    async def _aleased(self, key: Any, call: PreparedCall, command: Reserve) -> LeasedCall | None:
        """`_leased`, awaited."""
        assert self.leases is not None
        shape = self.leases.shape(key, call, command)
        for _ in range(_ASKED_FOR):
            if shape is None or not await self.worker.aask(partial(self.leases.grant, shape)):
                break
            if leased := self.leases.take(key):
                return leased
        return None

    # -- after

    def _admitted(self, call: PreparedCall, outcome: Any) -> Reservation:
        hold, decision = self.granted(outcome, call)
        return Reservation(self, call, hold, decision, outcome.event, replay=outcome.replay)

    def granted(self, outcome: Any, call: PreparedCall) -> tuple[Hold, Decision]:
        """What was set aside, observers told; raises LimitExceeded, or what failed."""
        if isinstance(outcome, Denied):
            self._observers.refused(call.labels, outcome.decision)
            verdict = outcome.decision.blocking
            zone = zone_named(verdict.limit.timezone)
            raise LimitExceeded(outcome.decision, verdict.explain(zone))
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Reserved)
        if self._observers.any:
            self._observers.in_call(outcome)
        return outcome.hold, outcome.decision

    def booked(self, outcome: Any) -> UsageEvent:
        """The event of an outcome, observers told; raises what failed."""
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Booked)
        if outcome.crossed or self._observers.any:
            self._observers.in_call(outcome)
        return outcome.event

    def done(self, outcome: Any) -> None:
        """Raise what failed."""
        if isinstance(outcome, Failed):
            raise outcome.error

    # -- when the ledger cannot say

    def let_through(self, what: str, error: LedgerError) -> None:
        """Raise the error, unless calls go out though the ledger cannot count them."""
        if self._reader.policies.on_store_failure != "allow":
            raise error
        log.warning("quotakeeper: %s; %s", error, what)

    def _unbacked(self, call: PreparedCall, command: Reserve, error: LedgerError) -> Reservation:
        self.let_through("the call goes out and will be spooled", error)
        figures = command.figures
        hold = Hold(
            command.id, self._clock.now(), command.labels, figures.quantities, figures.cost_pico,
            figures.price_id, figures.provenance, command.owner, 0, command.sent,
        )  # fmt: skip
        return Reservation(self, call, hold, Decision(True), None, spooled=True)

    def _spooled(self, command: Record, error: LedgerError) -> UsageEvent:
        self.let_through("the call is spooled", error)
        at = self._clock.now() if command.at is None else command.at
        self._spool.add(replace(command, at=at))
        return event_from(command.id, at, command.labels, command.figures)

    def spool_event(self, hold: Hold, figures: Figures, *, settles: bool) -> UsageEvent:
        """Keep what a call used until the ledger can book it."""
        self._spool.add(Record(hold.id, hold.labels, figures, at=hold.at), settles=settles)
        return event_from(hold.id, hold.at, hold.labels, figures)
