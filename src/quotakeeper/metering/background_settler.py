"""A thread that ends calls where nobody may wait: in finalizers, in callbacks, on event loops.

It does not begin at once. The program has just got its answer and is about to go on with it, and
two threads of one interpreter are in each other's way; a moment later it most likely waits for the
network again. What has ended by then is settled in one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from quotakeeper.engine.batch_settle import Settlement, settle_batch

# What a job gives back is settled with that of others.
Job = Callable[[], Settlement | None]
PAUSE_SECONDS = 0.005
_FAR_BEHIND = 128
_MOST_AT_ONCE = 64

log = logging.getLogger("quotakeeper.intercept")


class _Waited:
    """A job that somebody waits for."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job = job

    def __call__(self) -> None:
        self._job()


class BackgroundSettler:
    """Does jobs one after the other. Handing one over never waits and starts nothing."""

    def __init__(self) -> None:
        self.forked()

    def forked(self) -> None:
        """In a forked child: its parent's jobs are not its own, and the thread is not there."""
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._lock = Lock()
        self._hurry = Event()
        self._running = False

    def start(self) -> None:
        """Have the thread running; to be called where a thread may be started."""
        if self._running:
            return
        with self._lock:
            if not self._running:
                thread = Thread(target=_work, args=(self._jobs, self._hurry), daemon=True)
                thread.name = "quotakeeper-settler"
                thread.start()
                self._running = True

    def put(self, job: Job) -> None:
        """Hand over a job; safe in a finalizer."""
        self._jobs.put(job)

    def put_at_once(self, job: Callable[[], object]) -> None:
        """Hand over a job that somebody waits for: no pause is made before those in front of it."""
        self._jobs.put(_Waited(job))
        self._hurry.set()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that callers should rather do their own, all at once."""
        return self._jobs.qsize() > _FAR_BEHIND

    def wait(self, seconds: float) -> bool:
        """Wait until everything that was handed over is done; False if it takes too long."""
        if not self._running:
            return True
        done = Event()
        self.put_at_once(done.set)
        return done.wait(seconds)


def _work(jobs: SimpleQueue[Job], hurry: Event) -> None:
    while True:
        batch = [jobs.get()]
        hurry.wait(PAUSE_SECONDS)
        hurry.clear()  # before the rest is taken: who hurries has put his job first
        try:
            while len(batch) < _MOST_AT_ONCE:
                batch.append(jobs.get_nowait())
        except Empty:
            pass
        else:
            hurry.set()  # there may be more
        _do(batch)
        del batch  # or it would hold on to its calls until the next ones


def _do(batch: list[Job]) -> None:
    settlements: list[Settlement] = []
    for job in batch:
        if isinstance(job, _Waited):  # for those in front of it
            _settle(settlements)
            settlements = []
        try:
            settlement = job()
        except Exception:
            log.exception("quotakeeper: a call could not be ended")
        else:
            if settlement is not None:
                settlements.append(settlement)
    _settle(settlements)


def _settle(settlements: list[Settlement]) -> None:
    try:
        settle_batch(settlements)
    except Exception:
        log.exception("quotakeeper: calls could not be settled")
