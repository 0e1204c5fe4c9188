"""The leases of a process: reserved parts of limits, on which the process admits calls in memory.

Any thread may admit a call on a lease and end it. Only the worker uses the ledger. It requests
leases, renews them and releases them. It also draws calls: a drawn call is written to the ledger as
a separate reservation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from quotakeeper.clocks import Clock
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Extend, Failed, Outcomes, Release
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.journals.lease_journal import LineKind, lease_line
from quotakeeper.engine.leases.block_sizing import BlockSizing
from quotakeeper.engine.leases.booked_calls import BookedCalls
from quotakeeper.engine.leases.fast_path import RECALLED_SECONDS, FastPath
from quotakeeper.engine.leases.flush import book, draw
from quotakeeper.engine.leases.lease import Lease, LeasedCall, Shape
from quotakeeper.engine.leases.recall import RecallSign

TICK_SECONDS = 0.05
_IDLE_SECONDS = 0.5  # how long an unused lease is kept
_NO_ROOM_SECONDS = 0.1  # how long no lease is requested after one was denied
_AGE_US = SECOND  # a call that is under way for longer is drawn, so that other processes see it
_AT_ONCE = 400
_MOST_LABELS = 10_000

Told = Callable[[Sequence[Outcomes]], None]


def _unheard(outcomes: Sequence[Outcomes]) -> None:
    """Do nothing with the outcomes, because there are no observers."""


class LeaseTable(FastPath):
    """All leases of one keeper. `told` is called with the outcomes of calls on leases.

    Only the worker calls the methods of this class.
    """

    tick_seconds = TICK_SECONDS

    def __init__(
        self, clock: Clock, ledger: Path | None, owner: str, granting: BlockSizing,
        sign: RecallSign, ledger_clock: Clock | None = None, *, may_go_back: bool = False,
    ) -> None:  # fmt: skip
        """`may_go_back`: the ledger is on a server, which can lose commits."""
        super().__init__(clock, ledger, owner)
        # Entries use the ledger's clock. Admission in memory uses both clocks of the machine.
        self._ledger_clock = ledger_clock or clock
        self._block_sizing = granting
        self._sign = sign
        self.told: Told = _unheard
        self._booked = BookedCalls() if may_go_back else None

    def after_fork(self, owner: str) -> None:
        """Drop all leases in a forked child, and the calls that its parent booked."""
        super().after_fork(owner)
        self._booked = None if self._booked is None else BookedCalls()

    @property
    def active(self) -> bool:
        """Whether there is work for the leases, so that the worker must run again soon."""
        return super().active or (self._booked is not None and self._booked.waiting)

    def _book_again(self, store: Store, now: int) -> None:
        """Book calls again that the ledger has lost. Raises LedgerError; see BookedCalls."""
        if self._booked is not None:
            outcomes = self._booked.book_again(store, now)
            if outcomes:
                self.told(outcomes)

    def grant(self, shape: Shape, store: Store, now: int) -> bool:
        """Make room for a call on a lease. Returns False if the call must be admitted without a
        lease."""
        self.drain(store, now)
        labels = shape.call.labels
        lease = self._leases.get(labels)
        if lease is not None and not self._lasts(lease):
            self.give_back([lease], store, now)
            lease = None
        if lease is None or not lease.holds(shape.needs):
            monotonic = self._clock.monotonic()
            if monotonic < self._paused_until or not self._segments.ready(monotonic):
                return False
            if not self._leases:
                self._sign.begin(store, now)
            lease = self._block_sizing.block(store, self._ledger_clock, shape, lease, self._granted,
                                             self._segments.fence)  # fmt: skip
        if lease is None:
            if len(self._no_room) > _MOST_LABELS:
                self._no_room.clear()
            self._no_room[labels] = self._clock.monotonic() + _NO_ROOM_SECONDS
            return False
        shape.on(lease)
        return True

    def _granted(self, lease: Lease, figures: Figures, decision: Decision) -> None:
        segment = self._segments.current
        if segment is not None and lease.labels not in self._leases:
            with suppress(OSError):  # needed only if the ledger itself is lost
                segment.append(lease_line(lease.id, lease.labels, lease.token))
        lease.decision = decision
        self._leases[lease.labels] = lease  # first, so that `_collect` finds all admitted calls
        lease.add(figures)

    def _collect(self) -> None:
        """Collect the calls that were admitted since the last collection."""
        for lease in (*self._leases.values(), *self._returning):
            lease.taken += lease.room.collect(self._under_way)

    def drain(self, store: LedgerWriter, now: int) -> None:
        """Book the calls that have ended. Raises LedgerError. The calls are then booked later."""
        while self._ended:
            calls = [self._ended.popleft() for _ in range(min(len(self._ended), _AT_ONCE))]
            try:
                outcomes = book(store, now, calls)
            except BaseException:
                self._ended.extendleft(reversed(calls))
                raise
            if self._booked is not None:
                self._booked.keep(calls)
            self._collect()  # also calls that were admitted and ended in the meantime
            for call in calls:
                # A call that a signal interrupted may have ended without being admitted.
                was_admitted = self._under_way.pop(call.id, None) is not None
                released = was_admitted and call.end is LineKind.RELEASED and not call.drawn
                if released and call.lease.is_open:
                    call.lease.add(call.shape.figures)
            self.told(outcomes)

    def draw_under_way(self, store: LedgerWriter, now: int, calls: Sequence[LeasedCall] | None = None
                       ) -> None:  # fmt: skip
        """Write calls under way to the ledger as reservations: `calls`, or all calls if `calls` is
        None."""
        self._collect()
        chosen = list(self._under_way.values()) if calls is None else calls
        # This includes calls that ended since the last booking, because their lease may be released
        # next.
        waiting = [call for call in chosen if not call.drawn]
        for start in range(0, len(waiting), _AT_ONCE):
            self.told(draw(store, now, waiting[start : start + _AT_ONCE]))
        for call in chosen:
            if call.drawn:
                self._was_drawn(call)

    def give_back(self, leases: Sequence[Lease], store: LedgerWriter, now: int) -> None:
        """End these leases: write their calls under way to the ledger, and release the unused
        part."""
        for lease in leases:
            lease.room.close()
            self._leases.pop(lease.labels, None)
            if lease not in self._returning:
                self._returning.append(lease)
        self.drain(store, now)
        self._collect()
        calls = [call for call in self._under_way.values() if call.lease in self._returning]
        self.draw_under_way(store, now, calls)
        if self._returning:
            store.apply([Release(lease.id) for lease in self._returning], now)
            self._returning.clear()

    def give_back_overdue(self, ids: Collection[str], store: LedgerWriter, now: int) -> None:
        """End the leases with these ids, because the ledger considers them expired.

        Ignores the id of a lease whose grant this process never received.
        """
        here = [lease for lease in self._leases.values() if lease.id in ids]
        self.give_back(here, store, now)

    def give_back_for(self, limits: Sequence[Limit], store: LedgerWriter, now: int) -> bool:
        """End the leases that count in one of these limits. Returns whether there were any."""
        wanted = [
            lease for lease in self._leases.values()
            if any(limit.matches(lease.labels) for limit in limits)
        ]  # fmt: skip
        if wanted:
            self.give_back(wanted, store, now)
            self._paused_until = self._clock.monotonic() + _NO_ROOM_SECONDS
        return bool(wanted)

    def tend(self, store: Store, now: int, *, at_once: bool = False) -> None:
        """Do the periodic work for the leases if it is due, or now if `at_once`.

        Raises LedgerError; the work is then tried again.
        """
        self._book_again(store, now)
        monotonic = self._clock.monotonic()
        if not self.active or (monotonic < self._next_tick and not at_once):
            return
        self._next_tick = monotonic + TICK_SECONDS
        if self._sign.seen(store, now):
            self._paused_until = monotonic + RECALLED_SECONDS
            self.give_back(list(self._leases.values()), store, now)
        self.drain(store, now)
        self._collect()
        old = [call for call in self._under_way.values() if now - call.at >= _AGE_US]
        if old:
            self.draw_under_way(store, now, old)
        self._look_after(store, now, monotonic)
        self._tidy(store, now, monotonic)

    def _look_after(self, store: Store, now: int, monotonic: float) -> None:
        leaving = list[Lease]()
        for lease in list(self._leases.values()):
            if lease.taken != lease.seen:
                lease.seen, lease.quiet_since = lease.taken, monotonic
            idle = monotonic - lease.quiet_since >= _IDLE_SECONDS
            if idle or not lease.is_open or not self._lasts(lease):
                leaving.append(lease)
            elif monotonic >= lease.renew_at:
                self._renew(lease, store)
            else:
                self._ask_in_advance(lease, store, monotonic)
        if leaving or self._returning:
            self.give_back(leaving, store, now)

    def _ask_in_advance(self, lease: Lease, store: Store, monotonic: float) -> None:
        """Request the next block if this one is used up before the ledger could grant the next.

        So no call has to wait for it.
        """
        shape = lease.granted_for
        taken, lasted = lease.taken - lease.taken_before, monotonic - lease.granted_at
        pause = max(self._paused_until, self._no_room.get(lease.labels, 0.0))
        if shape is None or taken <= 0 or lasted <= 0 or monotonic < pause:
            return
        left = lease.calls_left(shape.needs) * lasted / taken
        if left > 2 * lease.asked_seconds + TICK_SECONDS:
            return
        lease.used_up_at = monotonic + left
        if self._block_sizing.block(store, self._ledger_clock, shape, lease, self._granted,
                                    self._segments.fence) is None:  # fmt: skip
            lease.granted_for = None  # nearly all is used: what is left of the block is enough

    def _renew(self, lease: Lease, store: LedgerWriter) -> None:
        now, monotonic = self._ledger_clock.now(), self._clock.monotonic()
        (outcome,) = store.apply([Extend(lease.id, int(lease.term.seconds * SECOND))], now)
        if isinstance(outcome, Failed):  # another process has ended the lease
            lease.until = monotonic
        else:
            lease.renewed(now, monotonic)
            self._shapes.clear()  # so that calls are priced again soon

    def _lasts(self, lease: Lease) -> bool:
        clock = self._clock
        return lease.is_open and clock.now() < lease.stops_at and clock.monotonic() < lease.until

    def _tidy(self, store: LedgerWriter, now: int, monotonic: float) -> None:
        self._collect()
        needed = {call.segment for call in self._under_way.values()}
        # Without a lease no call is admitted, so the newest file is not needed either.
        used = bool(self._leases or self._returning or self._under_way or self._ended)
        leases = [lease_line(each.id, each.labels, each.token) for each in self._leases.values()]
        self._removable += self._segments.turn(monotonic, needed, used, leases)
        for segment in self._removable:
            segment.gone = True
        # A thread that has just written to one of these files checks `gone` afterwards, so either
        # that thread or this one notices.
        if any(call.end_segment in self._removable for call in list(self._ended)):
            self.drain(store, now)
        self._collect()
        late = [call for call in self._under_way.values() if call.segment in self._removable]
        if late:
            self.draw_under_way(store, now, late)
        while self._removable:
            self._removable.pop().remove()
        self._segments.gone()

    def close(self, store: Store, now: int) -> None:
        """Release the calls that were not sent, write all others to the ledger, and release all
        leases. A call that is still under way is written as a reservation.
        """
        self.closed = True
        leases = list(self._leases.values())
        for lease in leases:
            lease.room.close()
        self._collect()
        for call in list(self._under_way.values()):
            if not call.sent and call.end is None:
                self.end(call, LineKind.RELEASED)
        self.give_back(leases, store, now)
        self._tidy(store, now, self._clock.monotonic())
        self._book_again(store, now)
        while self._booked is not None and self._booked.waiting:
            self._book_again(store, now)
