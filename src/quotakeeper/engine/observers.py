"""Observers: who is told what was admitted, refused, counted, and crossed.

Outcomes become observations here, and nowhere else. `on_warning` is told in the thread of the call
whose booking crossed a threshold, before the call returns. Every other observer is told in one thread
of its own, in order: a caller only puts into a queue, which waits for nothing, holds no lock, and may
be done in a signal handler or a finalizer. What an observer raises is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, RLock, Thread, current_thread

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
from quotakeeper.engine.threshold_warnings import ThresholdWarnings, Warner

Observer = Callable[[Observation], None]
_LINGER_SECONDS = 1.0  # for which the thread of observers waits for more
_FORK_SECONDS = 1.0
_MOST_WAITING = 10_000

log = logging.getLogger("quotakeeper")


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

    def aside(self, outcomes: Iterable[Outcomes]) -> None:
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
        """Tell what waits and end the thread: it should not cross a fork. A slow observer is left
        behind, in the parent."""
        self._queue.finish(_FORK_SECONDS)

    def after_fork(self) -> None:
        """In a forked child: what waits is its parent's to tell."""
        self._lock = RLock()
        self._queue = ObserverQueue()

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
    """Does one thing after another in a thread that lives while there is something to do."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._busy = Lock()  # held for as long as the thread lives
        self._thread: Thread | None = None
        self._full = False

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
        if self._busy.acquire(blocking=False):
            thread = Thread(target=self._run, name="quotakeeper-observers", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # too many threads, or the interpreter is on its way out
                self._busy.release()
            else:
                self._thread = thread

    def _run(self) -> None:
        while True:
            try:
                act = self._queue.get(timeout=_LINGER_SECONDS)
            except Empty:
                act = None
            if act is not None:
                act()
                continue
            self._full = False
            self._busy.release()
            # Somebody may have put something in just before that, and found the thread alive.
            if self._queue.empty() or not self._busy.acquire(blocking=False):
                return

    def finish(self, seconds: float) -> None:
        """Wait until what was put is done and the thread has ended, for so many seconds at most."""
        thread = self._thread
        if thread is not None and thread is not current_thread() and thread.is_alive():
            self._queue.put(None)
            thread.join(seconds)
