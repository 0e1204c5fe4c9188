"""Admits and ends calls on leases without waiting. Any thread can do this."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from weakref import ref

from quotakeeper.clocks import Clock
from quotakeeper.domain.ledger.commands import Reserve
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.callers import Caller
from quotakeeper.engine.journals.lease_journal import (
    JournalSegment,
    LineKind,
    ended_line,
    settled_line,
)
from quotakeeper.engine.journals.segments import Segments
from quotakeeper.engine.leases.lease import Lease, LeasedCall, Shape

RECALLED_SECONDS = 1.0  # how long no lease is requested after a recall
_MOST_SHAPES = 4_096

log = logging.getLogger("quotakeeper.engine")

Handle = TypeVar("Handle")


class FastPath:
    """The part of a keeper's leases that any thread may use. LeaseTable is the part for the
    worker."""

    def __init__(self, clock: Clock, ledger: Path | None, owner: str) -> None:
        self._clock = clock
        self._ledger = ledger
        self._reset(owner)

    def _reset(self, owner: str) -> None:
        self.epoch = object()  # a forked child has another object; see `knows`
        self.closed = False
        self._shapes: dict[Any, Shape] = {}
        self._leases: dict[CallLabels, Lease] = {}
        self._returning: list[Lease] = []
        self._removable: list[JournalSegment] = []
        # Calls that are not in the ledger yet, as far as the worker has collected them; see
        # `_collect`.
        self._under_way: dict[str, LeasedCall] = {}
        self._drawn: dict[str, ref[LeasedCall]] = {}
        self._ended: deque[LeasedCall] = deque()
        self._segments = Segments(self._ledger, owner)
        self._next_tick = self._paused_until = 0.0
        self._no_room: dict[CallLabels, float] = {}

    def after_fork(self, owner: str) -> None:
        """Drop all leases in a forked child, and close the child's copies of the journal files."""
        self._reset(owner)

    @property
    def active(self) -> bool:
        """Whether there is work for the leases, so that the worker must run again soon."""
        return bool(self._leases or self._ended or self._under_way or self._segments.any)

    def forget_shapes(self) -> None:
        """Forget the shapes of calls, because limits or prices have changed."""
        self._shapes.clear()

    def held_by(self, caller: Caller) -> list[CallLabels]:
        """Return the labels of the leased calls under way that `caller` made."""
        # Read in the order in which a call moves between these containers, so that none is missed.
        leases = tuple(self._leases.values())
        calls = [call for lease in leases for call in lease.room.admitted()]
        calls += tuple(self._under_way.values())
        drawn = [reference() for reference in tuple(self._drawn.values())]
        calls += [call for call in drawn if call is not None]
        return [
            call.lease.labels for call in dict.fromkeys(calls)
            if call.end is None and call.caller == caller
        ]  # fmt: skip

    def _was_drawn(self, call: LeasedCall) -> None:
        """Record that the ledger has the call as a reservation.

        `held_by` still finds the call until the call ends, or until the program deletes the call's
        handle.
        """
        drawn, event_id = self._drawn, call.id
        if event_id in self._under_way:
            drawn[event_id] = ref(call, lambda _: drawn.pop(event_id, None))
            self._under_way.pop(event_id)

    def take(self, key: Any, handle: Callable[[LeasedCall], Handle]) -> Handle | None:
        """Admit a call on its lease and return its handle; None if no known lease has room.

        `handle` makes the handle before the call is admitted. If a signal handler raises after
        that, this method or the handle's finalizer ends the call.
        """
        try:
            shape = self._shapes[key]
        except (KeyError, TypeError):  # the key is unknown or not hashable
            return None
        granted = shape.granted
        if granted is None:
            return None
        lease, ending = granted
        now = self._clock.now()
        # Checked now, because this process may have been stopped since the grant.
        if now >= lease.stops_at or self._clock.monotonic() >= lease.until:
            return None
        segment = self._segments.current
        at = now if now > lease.at else lease.at
        call = LeasedCall(lease.new_id(), at, shape, lease, segment)
        made = handle(call)
        try:
            call.is_offered = True
            # After this, the worker finds the call. The worker draws it before it removes the
            # call's journal file or releases the lease, even if the call's line is not written.
            if lease.room.take(shape.needs, call) and (
                segment is None or self._written(call, segment, f"\nA {call.id} {at} {ending}")
            ):
                return made
        except BaseException:  # a signal: only this method can end the call
            self.end(call, LineKind.RELEASED)
            raise
        call.end = LineKind.RELEASED
        lease.used_up_at = lease.used_up_at or self._clock.monotonic()
        return None

    def _written(self, call: LeasedCall, segment: JournalSegment, line: str) -> bool:
        try:
            segment.append(line)
        except OSError as error:
            self._unwritten(call, error)
            return False
        # Checked after the line is written. A process that fences this one reads the journal
        # afterwards. The worker looks for calls after it marks a file as gone.
        if call.lease.is_fenced or segment.gone:
            self._refused(call)
            return False
        return True

    def _refused(self, call: LeasedCall) -> None:
        """End an admitted call, because its lease may have ended. The caller can then admit it
        another way."""
        call.lease.room.close()
        self.end(call, LineKind.RELEASED)

    def shape(self, key: Any, call: PreparedCall, command: Reserve) -> Shape | None:
        """Return the shape for requesting a lease for this call; None if no lease is possible now.

        A shape describes all calls with the same arguments. Calls without a price get no lease,
        because their part of a budget is unknown.
        """
        figures = command.figures
        if figures.cost_pico is None or self.closed:
            return None
        monotonic = self._clock.monotonic()
        if monotonic < self._no_room.get(call.labels, 0.0) or monotonic < self._paused_until:
            return None
        try:
            shape = self._shapes.get(key)
            if shape is None or shape.figures != figures:  # its price has changed
                if len(self._shapes) >= _MOST_SHAPES:
                    self._shapes.clear()
                shape = self._shapes[key] = Shape(call, figures, command.ttl_us, command.sent)
        except TypeError:  # not hashable
            return None
        return shape

    def knows(self, call: LeasedCall, epoch: object) -> bool:
        """Whether the call can be ended through the journal of its lease.

        It cannot after a fork, after the keeper was closed, or without a journal file.
        """
        if self.closed or epoch is not self.epoch:
            return False
        return not call.drawn or self._ledger is None or self._segments.current is not None

    def end(self, call: LeasedCall, how: LineKind, figures: Figures | None = None) -> bool:
        """End a call. Returns whether the end is already stored, so that a kill does not lose it.

        Takes no lock, because a finalizer or a signal handler may call it.
        """
        call.figures = figures
        segment = call.end_segment = self._segments.current
        call.end = how
        sure = True
        if segment is not None:
            try:
                segment.append(
                    ended_line(how, call.id) if figures is None else settled_line(call.id, figures)
                )
            except OSError as error:
                sure = False
                log.warning(
                    "quotakeeper: the end of call %s cannot be written to the lease journal: %s",
                    call.id, error,
                )  # fmt: skip
        self._ended.append(call)
        # The file with the line may have been removed in the meantime.
        return sure and (segment is None or not segment.gone) and not self.closed

    def _unwritten(self, call: LeasedCall, error: OSError) -> None:
        log.warning(
            "quotakeeper: a lease admits no more calls, because its journal cannot be written: %s",
            error,
        )
        call.lease.room.close()
        call.end = LineKind.RELEASED
        self._ended.append(call)
        self._paused_until = self._clock.monotonic() + RECALLED_SECONDS
