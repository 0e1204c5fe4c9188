"""The handle of a call that was admitted on a lease: it ends in memory and in the journal."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Assume, Command, Settle
from quotakeeper.domain.ledger.entries import Figures, event_from
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ports import Store
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.journals.lease_journal import LineKind
from quotakeeper.engine.leases.lease import LeasedCall
from quotakeeper.engine.leases.lease_table import LeaseTable
from quotakeeper.engine.reservation import Reservation
from quotakeeper.errors import LedgerError, ReservationClosedError

if TYPE_CHECKING:
    from quotakeeper.engine.composition import Composition


class LeasedReservation(Reservation):
    """A Reservation whose verbs wait for nothing while its lease's journal takes what they say.

    Where that is no longer so (the keeper was closed, this is a forked child, the call has to
    grow) it becomes a reservation like any other first.
    """

    # Written out, and not by the class it is made from: this is the hottest line of all.
    event = None
    _spooled = _replay = _sent = _ended = False
    _own_hold: Hold | None = None

    def __init__(self, keeper: Composition, leases: LeaseTable, leased: LeasedCall) -> None:
        self._keeper = keeper
        self._leases = leases
        self._leased = leased
        self._epoch = leases.epoch
        self.decision = leased.lease.decision
        if leased.sent:
            self._sent = True

    @property
    def id(self) -> str:
        """The id of the reservation, and of the event it becomes."""
        return self._leased.id

    @property
    def hold(self) -> Hold:
        """What is set aside."""
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

    # -- the fast lane, for threads and coroutines alike

    def mark_sent(self) -> None:
        """Say that the call is about to leave. A call on a lease counts as sent anyhow once its
        process has died: this waits for nothing."""
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "mark as sent")
        self._sent = self._leased.sent = True

    async def amark_sent(self) -> None:
        """`mark_sent`; there is nothing to await."""
        self.mark_sent()

    def settle(self, **given: Any) -> UsageEvent:
        """End it at the true figures, which are never refused; gives the event."""
        if not self._is_fast:
            self._take_out()
            return super().settle(**given)
        event, sure = self._settled(given)
        if not sure:
            self._make_sure()
        return event

    async def asettle(self, **given: Any) -> UsageEvent:
        """`settle`, awaited."""
        if not self._is_fast:
            await self._atake_out()
            return await super().asettle(**given)
        event, sure = self._settled(given)
        if not sure:
            await self._amake_sure()
        return event

    def begin_settling(self, given: dict[str, Any]) -> Settle | None:
        """As Reservation's; nothing is left to do where it ends by the journal."""
        if self._is_fast:
            self.settle(**given)
            return None
        self._take_out()
        return super().begin_settling(given)

    def release(self) -> None:
        """End it: nothing was used."""
        if not self._is_fast or self._ended:
            self._take_out()
            super().release()
        else:
            self._ended = True
            self._leases.end(self._leased, LineKind.RELEASED)

    async def arelease(self) -> None:
        """`release`, awaited."""
        if not self._is_fast or self._ended:
            await self._atake_out()
            await super().arelease()
        else:
            self.release()

    def extend(self, ttl_seconds: float) -> None:
        """Keep it open for this long from now."""
        self._leased.ttl_us = self._keeper.time_to_live(ttl_seconds)
        if self._leased.drawn or not self._is_fast:
            self._take_out()
            super().extend(ttl_seconds)

    async def aextend(self, ttl_seconds: float) -> None:
        """`extend`, awaited."""
        self._leased.ttl_us = self._keeper.time_to_live(ttl_seconds)
        if self._leased.drawn or not self._is_fast:
            await self._atake_out()
            await super().aextend(ttl_seconds)

    def grow(self, **quantities: Any) -> Decision:
        """Set aside more, against every limit that applies, all or nothing; see Reservation."""
        self._take_out()
        return super().grow(**quantities)

    async def agrow(self, **quantities: Any) -> Decision:
        """`grow`, awaited."""
        await self._atake_out()
        return await super().agrow(**quantities)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._ended:
            return
        if self._is_fast:
            if not self._end_by(self._leaving(error)) and error is None:
                self._make_sure()
            return
        self._take_out()
        super().__exit__(kind, error, trace)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._ended:
            return
        if self._is_fast:
            if not self._end_by(self._leaving(error)) and error is None:
                await self._amake_sure()
            return
        if error is None or isinstance(error, Exception):
            await self._atake_out()
        await super().__aexit__(kind, error, trace)

    def __del__(self) -> None:
        if self._ended:
            return
        if self._is_fast:
            self._end_by(self._leaving(LookupError("dropped")))
        elif self._leased.drawn:
            super().__del__()

    # -- inside

    @property
    def _is_fast(self) -> bool:
        return self._leases.knows(self._leased, self._epoch)

    def _settled(self, given: dict[str, Any]) -> tuple[UsageEvent, bool]:
        leased = self._leased
        if self._ended:
            return self._settled_twice(given)
        figures: Figures | None = None
        if given:
            otherwise = leased.shape.figures.quantities
            figures = self._keeper.figures_of(leased.shape.call, given, leased.at, otherwise)
        figures = figures or self._estimate()
        self._ended = True
        sure = self._leases.end(leased, LineKind.SETTLED, figures)
        self.event = event = event_from(leased.id, leased.at, leased.lease.labels, figures)
        return event, sure

    def _settled_twice(self, given: dict[str, Any]) -> tuple[UsageEvent, bool]:
        leased = self._leased
        if self.event is not None:
            command = self._settling(given) if given else None
            if command is None or command.figures == leased.figures:
                return self.event, True
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

    def _take_out(self) -> None:
        """Make it a reservation like any other. Where the ledger cannot say, that is found out,
        and dealt with, by what follows."""
        if self._may_be_drawn():
            with suppress(LedgerError):
                self._keeper.worker.carry_out(self._leased.draw)
                self._leased.drawn = True

    async def _atake_out(self) -> None:
        if self._may_be_drawn():
            with suppress(LedgerError):
                await self._keeper.worker.acarry_out(self._leased.draw)
                self._leased.drawn = True

    def _may_be_drawn(self) -> bool:
        return not self._leased.drawn and not self._ended

    def _make_sure(self) -> None:
        with suppress(LedgerError):  # it still waits to be booked
            self._keeper.worker.ask(_nothing)

    async def _amake_sure(self) -> None:
        with suppress(LedgerError):
            await self._keeper.worker.aask(_nothing)


def _nothing(store: Store, now: int) -> None:
    """What has ended is booked before any question is answered."""
