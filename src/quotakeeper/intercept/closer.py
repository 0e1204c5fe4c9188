"""A thread that ends calls where nobody may wait: in finalizers, in callbacks, on event loops."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread

Job = Callable[[], None]
_FAR_BEHIND = 16

log = logging.getLogger("quotakeeper")


class Closer:
    """Does jobs one after the other. Handing one over never waits and starts nothing."""

    def __init__(self) -> None:
        self.forked()

    def forked(self) -> None:
        """In a forked child: its parent's jobs are not its own, and the thread is not there."""
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._lock = Lock()
        self._running = False

    def start(self) -> None:
        """Have the thread running; to be called where a thread may be started."""
        if self._running:
            return
        with self._lock:
            if not self._running:
                thread = Thread(target=self._work, args=(self._jobs,), daemon=True)
                thread.name = "quotakeeper-closer"
                thread.start()
                self._running = True

    def put(self, job: Job) -> None:
        """Hand over a job; safe in a finalizer."""
        self._jobs.put(job)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that callers should rather do their own, all at once."""
        return self._jobs.qsize() > _FAR_BEHIND

    def wait(self, seconds: float) -> bool:
        """Wait until everything that was handed over is done; False if it takes too long."""
        if not self._running:
            return True
        done = Event()
        self.put(done.set)
        return done.wait(seconds)

    @staticmethod
    def _work(jobs: SimpleQueue[Job]) -> None:
        while True:
            job = jobs.get()
            try:
                job()
            except Exception:
                log.exception("quotakeeper: a call could not be ended")
            del job  # or it would hold on to its call until the next one
