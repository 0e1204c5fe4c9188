"""Observers: who is told what was admitted, refused, counted, and crossed.

Outcomes become observations here, and nowhere else. `on_warning` is told in the thread of the call
whose booking crossed a threshold, before the call returns. Every other observer is told in one thread
of its own, in order: a caller only puts into a queue, which waits for nothing, holds no lock, and may
be done in a signal handler or a finalizer. What an observer raises is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

from quotakeeper.clocks import SystemClock
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Booked, Outcomes, Reserved, Swept
from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.observations import (
    CallAdmitted,
    CallAssumed,
    CallCorrected,
    CallRefused,
    CallSettled,
    CallUnpriced,
    Observation,
)
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.resumable_thread import ResumableThread, StopRequest
from quotakeeper.engine.threshold_warnings import ThresholdWarnings, Warner
from quotakeeper.native_threads import Empty, RLock, SimpleQueue

Observer = Callable[[Observation], None]
_MOST_WAITING = 10_000
_FORK_SECONDS = 1.0  # the most that a fork waits for observers

log = logging.getLogger("quotakeeper.engine")
_clock = SystemClock()  # for how long somebody waits, whatever clock the ledger has


class Observers:
    """The observers of one keeper. `any` says whether somebody has subscribed: it is hot."""

    def __init__(self, warn: Warner | None) -> None:
        self.any = False
        self._warnings = ThresholdWarnings(warn)
        self._subscribed: tuple[Observer, ...] = ()
        self._lock = RLock()  # a signal handler may subscribe while this very thread does
        self._queue = ObserverQueue()

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of everything from now on; call what comes back to stop that."""
        with self._lock:
            self._subscribed = (*self._subscribed, observer)
            self.any = True
        return partial(self._unsubscribe, observer)

    def _unsubscribe(self, observer: Observer) -> None:
        with self._lock:
            left = list(self._subscribed)
            if observer in left:
                left.remove(observer)
            self._subscribed = tuple(left)
            self.any = bool(left)

    def in_call(self, outcome: Outcomes) -> None:
        """In the thread of a call: an outcome that it has waited for."""
        if self.any:
            self._queue.put(partial(self._tell, outcome))
        if isinstance(outcome, Booked) and outcome.crossed:
            self._warnings.give(outcome.crossed)

    def refused(self, labels: CallLabels, decision: Decision) -> None:
        """In the thread of a call: it was refused, and is not tried again."""
        if self.any:
            self._queue.put(partial(self._tell_one, CallRefused(labels, decision)))

    def tell_of(self, outcomes: Iterable[Outcomes]) -> None:
        """In the worker: outcomes that no call waits for. The worker never waits for an observer."""
        for outcome in outcomes:
            for booked in _bookings(outcome):
                if booked.crossed:
                    self._queue.put(partial(self._warnings.give, booked.crossed))
            if self.any:
                self._queue.put(partial(self._tell, outcome))

    def _tell(self, outcome: Outcomes) -> None:
        for observation in observations_of(outcome):
            self._tell_one(observation)

    def _tell_one(self, observation: Observation) -> None:
        for observer in self._subscribed:
            try:
                observer(observation)
            except Exception:
                log.exception("quotakeeper: an observer failed")

    def before_fork(self) -> None:
        """Tell what waits, while the ledger still answers, and end the thread."""
        self.rest(_FORK_SECONDS)

    def rest(self, seconds: float) -> None:
        """Tell what waits and end the thread, in so many seconds at most; it starts again."""
        self._queue.finish(seconds)

    def after_fork_in_parent(self) -> None:
        """Go on with what was put meanwhile."""
        self._queue.resume()

    def after_fork(self) -> None:
        """In a forked child: what waits is its parent's to tell."""
        self._lock = RLock()
        self._queue.leave()
        self._queue = ObserverQueue()

    def end(self) -> None:
        """Have the thread end after what waits; waits for nothing."""
        self._queue.end()

    def close(self, seconds: float) -> None:
        """Tell what waits, in so many seconds at most."""
        self._queue.finish(seconds)


def observations_of(outcome: Outcomes) -> Iterator[Observation]:
    """What an outcome means for observers. A replay is nothing new, and a lease is no call."""
    if isinstance(outcome, Reserved) and not outcome.replay and not outcome.hold.is_lease:
        yield CallAdmitted(outcome.hold, outcome.decision)
    for booked in _bookings(outcome):
        if booked.replay:
            continue
        event = booked.event
        if booked.kind is Kind.CORRECT:
            yield CallCorrected(event)
        elif booked.kind is Kind.ASSUME:
            yield CallAssumed(event)
        else:
            yield CallSettled(event)
        if not event.priced and any(event.quantities.values()):
            yield CallUnpriced(event)
        yield from booked.crossed


def _bookings(outcome: Outcomes) -> tuple[Booked, ...]:
    if isinstance(outcome, Booked):
        return (outcome,)
    return outcome.booked if isinstance(outcome, Swept) else ()


class ObserverQueue:
    """Does one thing after another, in a thread that ends before a fork."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | StopRequest] = SimpleQueue()
        self._thread = ResumableThread("quotakeeper-observers")
        self._full = False
        self._left = False  # whether this is the copy of a forked child

    def put(self, act: Callable[[], None]) -> None:
        """Have something done. Waits for nothing; when too much waits already, it is left out."""
        if self._queue.qsize() >= _MOST_WAITING:
            if not self._full:
                self._full = True
                log.warning("quotakeeper: observers are too slow; some observations are left out")
            return
        self._queue.put(act)
        self._start()

    def _start(self) -> None:
        with suppress(RuntimeError):  # too many threads, or the interpreter is on its way out
            self._thread.start(self._run)

    def _run(self) -> bool:
        while True:
            act = self._queue.get()
            if not isinstance(act, StopRequest):
                act()
            elif act.claim():
                return True
            if self._left:  # an observer has forked, and this is the child
                return False
            if self._queue.empty():
                self._full = False

    def finish(self, seconds: float) -> None:
        """Wait until what was put is done and the thread has ended, for so many seconds at most."""
        until = _clock.monotonic() + seconds
        while self._thread.running or not self._queue.empty():
            self._start()
            if not self._thread.running:  # no thread can start any more
                self._work_off()
            elif not self._thread.stop(self._queue.put, max(0.0, until - _clock.monotonic())):
                return

    def _work_off(self) -> None:
        with suppress(Empty):
            while True:
                act = self._queue.get_nowait()
                if not isinstance(act, StopRequest):
                    act()

    def resume(self) -> None:
        """After a fork, in the parent: go on with what was put meanwhile."""
        if not self._queue.empty():
            self._thread.start_later(self._run)

    def end(self) -> None:
        """Have the thread end after what was put."""
        if self._thread.running:
            self._queue.put(StopRequest())

    def leave(self) -> None:
        """In a forked child: do nothing more."""
        self._left = True
