"""The handle of a call on a lease. Its methods use memory and the lease's journal, not the
ledger."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Assume, Command, Settle
from quotakeeper.domain.ledger.entries import Figures, event_from
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import Store
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.command_builder import time_to_live
from quotakeeper.engine.journals.lease_journal import LineKind
from quotakeeper.engine.leases.lease import LeasedCall
from quotakeeper.engine.leases.lease_table import LeaseTable
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.worker.steps import AskWorker, Steps, run
from quotakeeper.errors import LedgerError, ReservationClosedError


class LeasedReservation(Reservation):
    """A Reservation whose methods do not wait, as long as the lease's journal can be written.

    In three cases it first becomes an ordinary reservation in the ledger. These are: a call that
    must grow, a closed keeper, and a forked child.
    """

    # Set here and not by the base class, because this is the most frequent path.
    event = None
    _spooled = _replay = _sent = _ended = False
    _unsure = False  # whether its end may be only in this process's memory
    _own_hold: Hold | None = None

    def __init__(self, parts: EngineParts, leases: LeaseTable, leased: LeasedCall) -> None:
        self._parts = parts
        self._leases = leases
        self._leased = leased
        self._epoch = leases.epoch
        self.decision = leased.lease.decision
        if leased.sent:
            self._sent = True

    @property
    def id(self) -> str:
        """The id of the reservation, and of its usage event."""
        return self._leased.id

    @property
    def hold(self) -> Hold:
        """The reserved amounts."""
        if self._own_hold is None:
            self._own_hold = self._leased.hold()
        return self._own_hold

    @hold.setter
    def hold(self, hold: Hold) -> None:
        self._own_hold = hold

    @property
    def _call(self) -> PreparedCall:  # type: ignore[override]
        return self._leased.shape.call

    @property
    def _owner(self) -> str:  # type: ignore[override]
        return self._leased.lease.owner

    # -- what the journal takes ends at once, in threads and coroutines alike

    def settle(self, **given: Any) -> UsageEvent:
        """End the reservation with the true figures, which no limit refuses, and return the
        event."""
        event = self._settled_at_once(given)
        return super().settle(**given) if event is None else event

    async def asettle(self, **given: Any) -> UsageEvent:
        """Awaitable form of `settle`."""
        event = self._settled_at_once(given)
        return await super().asettle(**given) if event is None else event

    def mark_sent(self) -> None:
        """Mark the call as about to be sent. Does not wait.

        If the process is killed, a call on a lease counts as sent in any case.
        """
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "mark as sent")
        self._sent = self._leased.sent = True

    async def amark_sent(self) -> None:
        """Awaitable form of `mark_sent`, which does not wait."""
        self.mark_sent()

    # -- the verbs, as steps

    def _settling(self, given: dict[str, Any]) -> Steps[UsageEvent]:
        if self._unsure:
            yield from self._making_sure()
            assert self.event is not None
            return self.event
        yield from self._taking_out()
        return (yield from super()._settling(given))

    def _releasing(self) -> Steps[None]:
        if not self._is_fast or self._ended:
            yield from self._taking_out()
            yield from super()._releasing()
        else:
            self._ended = True
            self._leases.end(self._leased, LineKind.RELEASED)

    def _extending(self, ttl_seconds: float) -> Steps[None]:
        self._leased.ttl_us = time_to_live(ttl_seconds)
        if self._leased.drawn or not self._is_fast:
            yield from self._taking_out()
            yield from super()._extending(ttl_seconds)

    def _growing(self, quantities: dict[str, Any]) -> Steps[Decision]:
        yield from self._taking_out()
        return (yield from super()._growing(quantities))

    def _leaving(self, error: BaseException | None) -> Steps[None]:
        if not self._is_fast:
            yield from self._taking_out()
            yield from super()._leaving(error)
        elif not self._end_by(self._ending(error)) and error is None:
            yield from self._making_sure()

    def _begin_settling(self, given: dict[str, Any]) -> Settle | None:
        """Settle through the journal and return None. If this is not possible, return the
        command."""
        if self._is_fast:
            self.settle(**given)
            return None
        run(self._parts.worker, self._taking_out())
        return super()._begin_settling(given)

    def _settle_by_journal(self, given: dict[str, Any]) -> bool:
        """Settle the call through its lease's journal. Returns False if this is not possible."""
        if not self._is_fast or self._ended:
            return False
        self.settle(**given)
        return True

    def _leave_at_once(self, error: BaseException) -> None:
        if self._is_fast:
            self._end_by(self._ending(error))
        else:
            super()._leave_at_once(error)

    def __del__(self) -> None:
        leased: LeasedCall | None = vars(self).get("_leased")  # absent after a signal in `__init__`
        if leased is None or self._ended or leased.end is not None or not leased.is_offered:
            return
        if self._is_fast:
            self._end_by(self._ending(LookupError("dropped")))
        elif leased.drawn:
            super().__del__()

    # -- inside

    @property
    def _is_fast(self) -> bool:
        return self._leases.knows(self._leased, self._epoch)

    def _settled_at_once(self, given: dict[str, Any]) -> UsageEvent | None:
        """Settle through the journal and return the event; None if the caller must still wait."""
        if not self._is_fast:
            return None
        leased = self._leased
        if self._ended:
            return self._settled_twice(given)
        figures: Figures | None = None
        if given:
            otherwise = leased.shape.figures.quantities
            figures = self._parts.commands.figures(leased.shape.call, given, leased.at, otherwise)
        figures = figures or self.hold.estimate
        self._ended = True
        sure = self._leases.end(leased, LineKind.SETTLED, figures)
        self.event = event = event_from(leased.id, leased.at, leased.lease.labels, figures)
        if sure:
            return event
        self._unsure = True
        return None

    def _settled_twice(self, given: dict[str, Any]) -> UsageEvent:
        if self.event is not None:
            command = self._settlement(given) if given else None
            if command is None or command.figures == self._leased.figures:
                return self.event
        raise ReservationClosedError(self.id, "ended", "settle")

    def _end_by(self, command: Command | None) -> bool:
        leased, leases = self._leased, self._leases
        if command is None:
            return True
        if isinstance(command, Settle):
            figures = command.figures
            sure = leases.end(leased, LineKind.SETTLED, figures)
            self.event = event_from(leased.id, leased.at, leased.lease.labels, figures)
            return sure
        how = LineKind.ASSUMED if isinstance(command, Assume) else LineKind.RELEASED
        return leases.end(leased, how)

    def _taking_out(self) -> Steps[None]:
        """Write the call to the ledger, which makes this an ordinary reservation.

        Ignores a LedgerError: the next step meets the same error and handles it.
        """
        if not self._leased.drawn and not self._ended:
            with suppress(LedgerError):
                self._parts.outcomes.heard((yield self._leased.draw))
                self._leased.drawn = True

    def _making_sure(self) -> Steps[None]:
        self._unsure = False
        with suppress(LedgerError):  # the call still waits to be booked
            yield AskWorker(_nothing)


def _nothing(store: Store, now: int) -> None:
    """Do nothing. Used as a question, because the worker books ended calls before any question."""
