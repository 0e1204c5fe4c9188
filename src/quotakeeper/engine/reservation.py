"""The handle of one reserved call. End it with `settle`, `release`, or a `with` block."""

from __future__ import annotations

import logging
from functools import partial
from types import TracebackType
from typing import Any

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.command_builder import time_to_live
from quotakeeper.engine.outcomes import raise_if_failed
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.worker.offload import hand_over
from quotakeeper.engine.worker.steps import Offload, Steps, arun, run
from quotakeeper.errors import LedgerError, QuotakeeperError, ReservationClosedError

log = logging.getLogger("quotakeeper.engine")


class Reservation:
    """Capacity set aside for one call. Use it in a `with` statement, or end it yourself, once.

    If the `with` block raises, an unsent call is released (see `mark_sent`). For a sent call, its
    estimate is counted as assumed use. If the block ends without `settle`, the call is settled at
    its estimate, and the event says so. `hold` has the reserved amounts, `decision` the limits'
    answer, `event` the usage event. If the id was settled before, `event` is set from the start: do
    not send the call again. If an open reservation with this id existed before, another process may
    use it. So an exception in the block does not end it.
    """

    # Each operation is one generator of steps, which threads and coroutines both run.

    def __init__(
        self, parts: EngineParts, call: PreparedCall, hold: Hold, decision: Decision,
        event: UsageEvent | None, *, spooled: bool = False, replay: bool = False,
    ) -> None:  # fmt: skip
        self._parts = parts
        self._call = call
        self.hold = hold
        self.decision = decision
        self.event = event
        self._spooled = spooled
        self._replay = replay
        self._sent = hold.sent
        self._owner = parts.worker.owner
        self._ended = event is not None

    @property
    def id(self) -> str:
        """The id of the reservation, and of its usage event."""
        return self.hold.id

    @property
    def is_open(self) -> bool:
        """Whether the reservation has not been ended yet."""
        return not self._ended

    # -- for threads

    def mark_sent(self) -> None:
        """Record durably that the call is about to be sent. After a crash, the call's estimate is
        counted as assumed use."""
        run(self._parts.worker, self._marking_sent())

    def settle(self, **given: Any) -> UsageEvent:
        """End the reservation with the true figures and return the event. No limit refuses this.

        Takes the arguments of `Keeper.record`: quantities by name, `provenance` ("reported" unless
        texts were counted here), `model_served`, `duration_ms`, `outcome`, `note`. `options` are
        the price options that the provider used, if not the requested ones. A quantity that is None
        (the provider did not report it) counts at its reserved amount, as an estimate.
        """
        return run(self._parts.worker, self._settling(given))

    def release(self) -> None:
        """End the reservation of a call that used nothing."""
        run(self._parts.worker, self._releasing())

    def extend(self, ttl_seconds: float) -> None:
        """Keep the reservation open for this many seconds from now."""
        run(self._parts.worker, self._extending(ttl_seconds))

    def grow(self, **quantities: Any) -> Decision:
        """Reserve more in every limit that applies, for a call that becomes larger than expected.

        Takes the quantities to add, by name, as `Keeper.reserve` does. If they do not fit in every
        limit, raises LimitExceeded and changes nothing.
        """
        return run(self._parts.worker, self._growing(quantities))

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if not self._ended:
            run(self._parts.worker, self._leaving(error))

    # -- for coroutines

    async def amark_sent(self) -> None:
        """Awaitable form of `mark_sent`."""
        await arun(self._parts.worker, self._marking_sent())

    async def asettle(self, **given: Any) -> UsageEvent:
        """Awaitable form of `settle`."""
        return await arun(self._parts.worker, self._settling(given))

    async def arelease(self) -> None:
        """Awaitable form of `release`."""
        await arun(self._parts.worker, self._releasing())

    async def aextend(self, ttl_seconds: float) -> None:
        """Awaitable form of `extend`."""
        await arun(self._parts.worker, self._extending(ttl_seconds))

    async def agrow(self, **quantities: Any) -> Decision:
        """Awaitable form of `grow`."""
        return await arun(self._parts.worker, self._growing(quantities))

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._ended:
            return
        if error is None or isinstance(error, Exception):
            await arun(self._parts.worker, self._leaving(error))
        else:
            # A cancelled coroutine may not be able to wait, so this does not wait.
            self._leave_at_once(error)

    def __del__(self) -> None:
        command = None if self._ended or self._spooled else self._ending(LookupError("dropped"))
        if command is not None:
            self._parts.worker.post(command)

    # -- the verbs, as steps

    def _marking_sent(self) -> Steps[None]:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "mark as sent")
        if not self._sent and not self._spooled:
            try:
                raise_if_failed((yield c.MarkSent(self.id)))
            except LedgerError as error:
                self._parts.failure.let_through("the call is sent, but not marked as sent", error)
        self._sent = True

    def _settling(self, given: dict[str, Any]) -> Steps[UsageEvent]:
        command = self._settlement(given)
        event: UsageEvent
        if self._spooled:
            event = yield Offload(partial(self._kept, command))
            return event
        try:
            return self._booked((yield command))
        except LedgerError as error:
            event = yield Offload(partial(self._unsettled, command, error))
            return event

    def _releasing(self) -> Steps[None]:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "release")
        if not self._spooled:
            raise_if_failed((yield c.Release(self.id)))
        self._ended = True

    def _extending(self, ttl_seconds: float) -> Steps[None]:
        ttl_us = time_to_live(ttl_seconds)
        if not self._spooled:
            raise_if_failed((yield c.Extend(self.id, ttl_us)))

    def _growing(self, quantities: dict[str, Any]) -> Steps[Decision]:
        if self._ended:
            raise ReservationClosedError(self.id, "ended", "grow")
        if not self._spooled:  # a spooled call is not in the ledger
            parts = self._parts
            figures = parts.commands.estimate(self._call, {"requests": 0, **quantities})
            command = c.Grow(self.id, figures, self._call.limits)
            outcome = yield command
            if isinstance(outcome, c.Denied):
                outcome = yield from parts.recalls.ask_again(command, outcome)
            self.hold, self.decision = parts.outcomes.granted(outcome, self._call)
        return self.decision

    def _leaving(self, error: BaseException | None) -> Steps[None]:
        command = self._ending(error)
        if command is None:
            return
        if self._spooled:
            yield Offload(partial(self._kept, command))
            return
        try:
            outcome = yield command
            if isinstance(command, c.Release):
                raise_if_failed(outcome)
            else:
                self._booked(outcome)
        except QuotakeeperError as failure:
            yield Offload(partial(self._not_left, command, error, failure))

    # -- for those who settle many at once; see batch_settle

    def _settle_by_journal(self, given: dict[str, Any]) -> bool:
        """Settle the call through its lease's journal. Returns False if the call has no lease."""
        return False

    def _begin_settling(self, given: dict[str, Any]) -> c.Settle | None:
        """Return the command that settles the call; None if it is already settled or spooled."""
        command = self._settlement(given)
        if not self._spooled:
            return command
        self._kept(command)
        return None

    def _end_settling(self, command: c.Settle, answer: Any) -> UsageEvent:
        """Finish `settle` with the worker's answer to `command`: an outcome or an error."""
        if isinstance(answer, LedgerError):
            return self._unsettled(command, answer)
        if isinstance(answer, BaseException):
            raise answer
        return self._booked(answer)

    # -- inside

    def _settlement(self, given: dict[str, Any]) -> c.Settle:
        # A call without figures may have used something, so it is settled at its estimate.
        hold, figures = self.hold, None
        if given:
            calls = self._parts.commands.calls
            figures = calls.figures(self._call, given, hold.at, otherwise=hold.quantities)
        self._ended = True
        return c.Settle(hold.id, figures or hold.estimate, self._call.limits)

    def _unsettled(self, command: c.Settle, error: LedgerError) -> UsageEvent:
        # The call used something: leaving must not release it. The caller may settle again.
        self._sent, self._ended = True, False
        self._parts.failure.let_through("its usage is written to the spool", error)
        self._ended = True
        return self._kept(command)

    def _kept(self, command: c.Command) -> UsageEvent:
        assert isinstance(command, c.Settle)
        record = c.Record(self.id, self.hold.labels, command.figures)
        self.event = self._parts.failure.spool(record, self.hold.at, settles=not self._spooled)
        return self.event

    def _ending(self, error: BaseException | None) -> c.Command | None:
        # A forked child must not end its parent's reservations.
        if self._ended or self._owner != self._parts.worker.owner:
            return None
        if self._replay and error is not None:
            return None  # the process that made it ends it, or it expires
        self._ended = True
        if error is None or (self._spooled and self._sent):
            return c.Settle(self.id, self.hold.estimate, self._call.limits)
        if self._spooled:
            return None
        return c.Assume(self.id, self._call.limits) if self._sent else c.Release(self.id)

    def _leave_at_once(self, error: BaseException) -> None:
        command = self._ending(error)
        if command is None:
            return
        if self._spooled:
            hand_over(partial(self._kept, command))
        else:
            self._parts.worker.post(command)

    def _not_left(
        self, command: c.Command, error: BaseException | None, failure: QuotakeeperError
    ) -> None:
        if error is None and isinstance(command, c.Settle) and isinstance(failure, LedgerError):
            self._unsettled(command, failure)
        elif error is None:
            raise failure
        else:
            # The exception of the caller's own code matters more than this one.
            log.warning("quotakeeper: reservation %s stays open: %s", self.id, failure)

    def _booked(self, outcome: Any) -> UsageEvent:
        try:
            self.event = self._parts.outcomes.booked(outcome)
        except QuotakeeperError as error:
            # The call used something: leaving must not release it. The caller may settle again.
            self._sent = True
            self._ended = self.event is not None or isinstance(error, ReservationClosedError)
            raise
        return self.event
