"""Passes events to observers: calls admitted, refused or counted, and thresholds crossed.

Only this module makes observations from outcomes. `on_warning` runs in the thread of the call whose
booking crossed a threshold, before the call returns. All other observers run in one separate
thread, in order. A caller only adds to a queue. This never blocks, takes no lock, and is safe in a
signal handler or a finalizer. Errors of observers are logged.
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
_FORK_SECONDS = 1.0  # the longest that a fork waits for observers

log = logging.getLogger("quotakeeper.engine")
_clock = SystemClock()  # for measuring waits, also if the ledger uses a fake clock


class Observers:
    """The observers of one keeper. `any` says whether there is an observer; every call reads it."""

    def __init__(self, warn: Warner | None) -> None:
        self.any = False
        self.note_refusal: Observer | None = None  # gets refusals only
        self._warnings = ThresholdWarnings(warn)
        self._subscribed: tuple[Observer, ...] = ()
        self._lock = RLock()  # a signal handler may subscribe while its own thread holds the lock
        self._queue = ObserverQueue()

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Pass all future observations to an observer. Call the returned function to stop."""
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
        """Pass the outcome of a call to the observers. Called in the thread of the call."""
        if self.any:
            self._queue.put(partial(self._tell, outcome))
        if isinstance(outcome, Booked) and outcome.crossed:
            self._warnings.give(outcome.crossed)

    def refused(self, labels: CallLabels, decision: Decision) -> None:
        """Pass the final refusal of a call to the observers. Called in the thread of the call."""
        if self.any or self.note_refusal is not None:
            self._queue.put(partial(self._tell_one, CallRefused(labels, decision)))

    def tell_of(self, outcomes: Iterable[Outcomes]) -> None:
        """Pass outcomes to the observers. No call waits for these outcomes. Called in the worker;
        never blocks."""
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
        observers = self._subscribed
        if self.note_refusal is not None and isinstance(observation, CallRefused):
            observers = (*observers, self.note_refusal)
        for observer in observers:
            try:
                observer(observation)
            except Exception:
                log.exception("quotakeeper: an observer failed")

    def before_fork(self) -> None:
        """Pass all waiting observations to the observers while the ledger is still open. Ends the
        thread."""
        self.rest(_FORK_SECONDS)

    def rest(self, seconds: float) -> None:
        """Pass all waiting observations to the observers and end the thread, within `seconds`.

        The thread starts again with the next observation.
        """
        self._queue.finish(seconds)

    def after_fork_in_parent(self) -> None:
        """Start the thread again if observations were added during the fork."""
        self._queue.resume()

    def after_fork(self) -> None:
        """Drop all waiting observations in a forked child: the parent passes them to its
        observers."""
        self._lock = RLock()
        self._queue.leave()
        self._queue = ObserverQueue()

    def end(self) -> None:
        """Make the thread end after all waiting observations. Does not block."""
        self._queue.end()

    def close(self, seconds: float) -> None:
        """Pass all waiting observations to the observers, within `seconds`."""
        self._queue.finish(seconds)


def observations_of(outcome: Outcomes) -> Iterator[Observation]:
    """Yield the observations of an outcome. Yields none for a repeated command or a lease."""
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
    """Runs functions one after the other, in a thread that ends before a fork."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | StopRequest] = SimpleQueue()
        self._thread = ResumableThread("quotakeeper-observers")
        self._full = False
        self._left = False  # true in the copy of a forked child

    def put(self, act: Callable[[], None]) -> None:
        """Add a function to the queue. Never blocks. Drops the function if 10,000 functions
        wait."""
        if self._queue.qsize() >= _MOST_WAITING:
            if not self._full:
                self._full = True
                log.warning("quotakeeper: observers are too slow; some observations are dropped")
            return
        self._queue.put(act)
        self._start()

    def _start(self) -> None:
        with suppress(RuntimeError):  # too many threads, or the interpreter is shutting down
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
        """Wait until the queue is empty and the thread has ended, for at most `seconds`.

        If no thread can be started, runs the waiting functions in this thread.
        """
        until = _clock.monotonic() + seconds
        while self._thread.running or not self._queue.empty():
            self._start()
            if not self._thread.running:  # no thread can start, so run the functions here
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
        """After a fork, in the parent: start the thread again if functions wait in the queue."""
        if not self._queue.empty():
            self._thread.start_later(self._run)

    def end(self) -> None:
        """Make the thread end after all functions in the queue. Does not block."""
        if self._thread.running:
            self._queue.put(StopRequest())

    def leave(self) -> None:
        """In a forked child: stop this copy of the queue. After the current function, no function
        runs."""
        self._left = True
