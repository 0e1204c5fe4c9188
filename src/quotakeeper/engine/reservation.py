"""The handle of one reserved call: settle it, release it, or let `with` decide."""

from __future__ import annotations

import logging
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import (
    Assume,
    Command,
    Extend,
    Grow,
    MarkSent,
    Release,
    Settle,
)
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import Provenance, UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.worker.offload import hand_over, offload
from quotakeeper.errors import LedgerError, QuotakeeperError, ReservationClosedError

if TYPE_CHECKING:
    from quotakeeper.engine.composition import Composition
    from quotakeeper.engine.worker.thread import Worker

log = logging.getLogger("quotakeeper")


class Reservation:
    """Capacity set aside for one call. Use it as a context manager, or end it yourself, once.

    Left by an exception, it is released if nothing was sent (see `mark_sent`), else assumed at its
    estimate. Left quietly without `settle`, it is settled at its estimate, and the event says so.
    `event` is the usage event once there is one; after a replay of an id that was settled before,
    it is there from the start and the call need not be made again. A replay of an id that is still
    open may belong to somebody else: it may be settled, but an exception or being dropped leaves it.
    """

    def __init__(
        self, keeper: Composition, call: PreparedCall, hold: Hold, decision: Decision,
        event: UsageEvent | None, *, spooled: bool = False, replay: bool = False,
    ) -> None:  # fmt: skip
        self._keeper = keeper
        self._call = call
        self.hold = hold
        self.decision = decision
        self.event = event
        self._spooled = spooled
        self._replay = replay
        self._sent = hold.sent
        self._owner = keeper.worker.store.owner
        self._ended = event is not None

    @property
    def id(self) -> str:
        """The id of the reservation, and of the event it becomes."""
        return self.hold.id

    @property
    def worker(self) -> Worker:
        """Who carries its commands out."""
        return self._keeper.worker

    @property
    def is_open(self) -> bool:
        """Whether it still has to be ended."""
        return not self._ended

    # -- for threads

    def mark_sent(self) -> None:
        """Say, durably, that the call is about to leave: from now on an orphan is not free."""
        if command := self._sending():
            try:
                self._keeper.done(self._keeper.worker.carry_out(command))
            except LedgerError as error:
                self._keeper.let_through("it goes out unmarked", error)
        self._sent = True

    def settle(self, **given: Any) -> UsageEvent:
        """End it at the true figures, which are never refused; gives the event.

        Takes what `Keeper.record` takes: quantities by name, `provenance` ("reported" unless
        texts were counted here), `model_served`, `duration_ms`, `outcome`, `note`; and `options`,
        price options that were served, where they are not those asked for. A quantity that is
        None (a provider did not say) stands at what was reserved of it, as an estimate.
        """
        command = self._settling(given)
        if self._spooled:
            return self._kept(command)
        try:
            return self._booked(self._keeper.worker.carry_out(command))
        except LedgerError as error:
            return self._unsettled(command, error)

    def begin_settling(self, given: dict[str, Any]) -> Settle | None:
        """`settle` for who carries out many at once: the command, None when it is done already."""
        command = self._settling(given)
        if not self._spooled:
            return command
        self._kept(command)
        return None

    def end_settling(self, command: Settle, answer: Any) -> UsageEvent:
        """Take the answer to that command, an outcome or an error, as `settle` would."""
        if isinstance(answer, LedgerError):
            return self._unsettled(command, answer)
        if isinstance(answer, BaseException):
            raise answer
        return self._booked(answer)

    def release(self) -> None:
        """End it: nothing was used."""
        if command := self._releasing():
            self._keeper.done(self._keeper.worker.carry_out(command))
        self._ended = True

    def extend(self, ttl_seconds: float) -> None:
        """Keep it open for this long from now."""
        if command := self._extending(ttl_seconds):
            self._keeper.done(self._keeper.worker.carry_out(command))

    def grow(self, **quantities: Any) -> Decision:
        """Set aside more, against every limit that applies, all or nothing; for a call that turns
        out larger than was thought, before it goes on.

        Takes the quantities of `Keeper.reserve`, which are what is added. Raises LimitExceeded
        where there is no room; the reservation then stays as it was.
        """
        command = self._growing(quantities)
        if command is None:
            return self.decision
        return self._has_grown(self._keeper.ask_for(command))

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        command = self._leaving(error)
        if command is None:
            return
        if self._spooled:
            self._kept(command)
            return
        try:
            self._left(command, self._keeper.worker.carry_out(command))
        except QuotakeeperError as failure:
            self._not_left(command, error, failure)

    # -- for coroutines

    async def amark_sent(self) -> None:
        """`mark_sent`, awaited."""
        if command := self._sending():
            try:
                self._keeper.done(await self._keeper.worker.acarry_out(command))
            except LedgerError as error:
                self._keeper.let_through("it goes out unmarked", error)
        self._sent = True

    async def asettle(self, **given: Any) -> UsageEvent:
        """`settle`, awaited."""
        command = self._settling(given)
        if self._spooled:
            return await offload(partial(self._kept, command))
        try:
            return self._booked(await self._keeper.worker.acarry_out(command))
        except LedgerError as error:
            return await offload(partial(self._unsettled, command, error))

    async def arelease(self) -> None:
        """`release`, awaited."""
        if command := self._releasing():
            self._keeper.done(await self._keeper.worker.acarry_out(command))
        self._ended = True

    async def aextend(self, ttl_seconds: float) -> None:
        """`extend`, awaited."""
        if command := self._extending(ttl_seconds):
            self._keeper.done(await self._keeper.worker.acarry_out(command))

    async def agrow(self, **quantities: Any) -> Decision:
        """`grow`, awaited."""
        command = self._growing(quantities)
        if command is None:
            return self.decision
        return self._has_grown(await self._keeper.aask_for(command))

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        command = self._leaving(error)
        if command is None:
            return
        if error is not None and not isinstance(error, Exception):
            # Cancelled or exiting: this coroutine may not get to wait, so it is done without it.
            if self._spooled:
                hand_over(partial(self._kept, command))
            else:
                self._keeper.worker.post(command)
            return
        if self._spooled:
            await offload(partial(self._kept, command))
            return
        try:
            self._left(command, await self._keeper.worker.acarry_out(command))
        except QuotakeeperError as failure:
            await offload(partial(self._not_left, command, error, failure))

    def __del__(self) -> None:
        command = None if self._spooled else self._leaving(LookupError("dropped"))
        if command is not None:
            self._keeper.worker.post(command)

    # -- inside

    def _sending(self) -> Command | None:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "mark as sent")
        return None if self._sent or self._spooled else MarkSent(self.id)

    def _releasing(self) -> Command | None:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "release")
        return None if self._spooled else Release(self.id)

    def _settling(self, given: dict[str, Any]) -> Settle:
        # Nothing given is not nothing used: then the estimate stands, and the event says so.
        hold, figures = self.hold, None
        if given:
            figures = self._keeper.figures_of(self._call, given, hold.at, hold.quantities)
        self._ended = True
        return Settle(self.id, figures or self._estimate(), self._call.limits)

    def _unsettled(self, command: Settle, error: LedgerError) -> UsageEvent:
        # Not settled, but used: an end by itself must not give it back, and it may be tried again.
        self._sent, self._ended = True, False
        self._keeper.let_through("what it used is spooled", error)
        self._ended = True
        return self._kept(command)

    def _kept(self, command: Command) -> UsageEvent:
        assert isinstance(command, Settle)
        settles = not self._spooled
        self.event = self._keeper.spool_event(self.hold, command.figures, settles=settles)
        return self.event

    def _extending(self, ttl_seconds: float) -> Command | None:
        ttl_us = self._keeper.time_to_live(ttl_seconds)
        return None if self._spooled else Extend(self.id, ttl_us)

    def _growing(self, quantities: dict[str, Any]) -> Grow | None:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "grow")
        if self._spooled:  # no limit can be asked
            return None
        figures = self._keeper.estimated(self._call, {"requests": 0, **quantities})
        return Grow(self.id, figures, self._call.limits)

    def _has_grown(self, outcome: Any) -> Decision:
        self.hold, self.decision = self._keeper.granted(outcome, self._call)
        return self.decision

    def _estimate(self) -> Figures:
        hold = self.hold
        return Figures(
            hold.quantities, hold.cost_pico, hold.price_id, Provenance.ESTIMATED,
            note="settled at its estimate",
        )  # fmt: skip

    def _leaving(self, error: BaseException | None) -> Command | None:
        # A forked child holds copies of its parent's reservations: those are not its to end.
        if self._ended or self._owner != self._keeper.worker.store.owner:
            return None
        if self._replay and error is not None:
            return None  # its maker, or its time limit, ends it
        self._ended = True
        if error is None or (self._spooled and self._sent):
            return Settle(self.id, self._estimate(), self._call.limits)
        if self._spooled:
            return None
        return Assume(self.id, self._call.limits) if self._sent else Release(self.id)

    def _not_left(
        self, command: Command, error: BaseException | None, failure: QuotakeeperError
    ) -> None:
        if error is None and isinstance(command, Settle) and isinstance(failure, LedgerError):
            self._unsettled(command, failure)
        elif error is None:
            raise failure
        else:
            # What the caller's own code raised matters more than what befell the bookkeeping.
            log.warning("quotakeeper: reservation %s stays open: %s", self.id, failure)

    def _left(self, command: Command, outcome: Any) -> None:
        if isinstance(command, Release):
            self._keeper.done(outcome)
        else:
            self._booked(outcome)

    def _booked(self, outcome: Any) -> UsageEvent:
        try:
            self.event = self._keeper.booked(outcome)
        except QuotakeeperError as error:
            # Used all the same, so an end by itself must not give it back; and it may be tried again.
            self._sent = True
            self._ended = self.event is not None or isinstance(error, ReservationClosedError)
            raise
        return self.event
