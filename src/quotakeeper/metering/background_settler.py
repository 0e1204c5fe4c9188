"""A thread that settles calls for code that must not wait: finalizers, callbacks, event loops.

When a job arrives, the thread first pauses for `PAUSE_SECONDS`. The program has just received an
answer and is about to use it, and two threads of one interpreter slow each other down. After the
pause, one commit settles all calls that have ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from quotakeeper.engine.batch_settle import Settlement, settle_batch
from quotakeeper.engine.resumable_thread import ResumableThread, StopRequest
from quotakeeper.native_threads import Empty, Lock, SimpleQueue

# A job may return a settlement. The thread commits the settlements of several jobs together.
Job = Callable[[], Settlement | None]
# Longer pauses put more calls into one commit: 20 ms takes a sixth off what metering adds to a call of a
# fast server, beside 5 ms, and 50 ms takes little more. Until the commit, a limit counts the reservation.
PAUSE_SECONDS = 0.02
_FAR_BEHIND = 128
_MOST_AT_ONCE = 64
_FORK_SECONDS = 2.0  # the longest time that a fork waits for running jobs

log = logging.getLogger("quotakeeper.intercept")


class _Waited:
    """A job whose caller waits until the job is done."""

    def __init__(self, job: Callable[[], object]) -> None:
        self._job = job

    def __call__(self) -> None:
        self._job()


class BackgroundSettler:
    """Runs jobs in one thread, in the order of their arrival. `put` never waits."""

    def __init__(self) -> None:
        self.forked()

    def forked(self) -> None:
        """Drop all jobs in a forked child, because they belong to the parent. The child has no
        thread."""
        self._jobs: SimpleQueue[Job | StopRequest] = SimpleQueue()
        # Not an Event: a signal handler may interrupt the code that holds the Event's lock.
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._thread = ResumableThread("quotakeeper-settler")
        self._has_thread = True  # false once a thread could not be started

    def start(self) -> None:
        """Start the thread if it is not running. Call this only where a thread may be started.

        If no thread can be started, run the waiting jobs here.
        """
        try:
            self._thread.start(self._work())
        except RuntimeError:  # while it exits, Python 3.12 starts no thread
            self._has_thread = False
            self.work_off()

    def work_off(self) -> None:
        """Run the waiting jobs here if no thread can be started. Never call this in a finalizer."""
        if not (self._has_thread or self._thread.running):
            _do(_all(self._jobs))

    def _work(self) -> Callable[[], bool]:
        jobs, hurry = self._jobs, self._hurry
        return lambda: _work(jobs, hurry)

    def put(self, job: Job) -> None:
        """Add a job without waiting. Safe in a finalizer."""
        self._jobs.put(job)
        self._resume()

    def put_at_once(self, job: Callable[[], object]) -> None:
        """Add a job whose caller waits until it is done. The thread then skips its pause."""
        self._jobs.put(_Waited(job))
        self._hurry.put(None)
        self._resume()
        self.work_off()

    def _resume(self) -> None:
        # Only after a fork. Before the first `start`, `put` must start no thread.
        if self._thread.used and not self._thread.running:
            self._thread.start_later(self._work())

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be exiting
            self._ask_to_stop(StopRequest())

    def before_fork(self) -> None:
        """Run the waiting jobs and stop the thread. Waits at most `_FORK_SECONDS`."""
        self._thread.stop(self._ask_to_stop, _FORK_SECONDS)

    def _ask_to_stop(self, request: StopRequest) -> None:
        self._jobs.put(request)
        self._hurry.put(None)

    def after_fork_in_parent(self) -> None:
        """Restart the thread if jobs arrived during the fork. Otherwise the next call starts it."""
        if not self._jobs.empty():
            self._resume()

    @property
    def is_behind(self) -> bool:
        """Whether so many jobs wait that a caller should settle its call without this thread."""
        return self._jobs.qsize() > _FAR_BEHIND

    def wait(self, seconds: float) -> bool:
        """Wait until all jobs that are now in the queue are done. Returns False if this takes too
        long."""
        if not self._thread.running and (not self._thread.used or self._jobs.empty()):
            return True
        done = Lock()
        done.acquire()
        self._jobs.put(_Waited(done.release))
        self._hurry.put(None)
        self.start()
        return bool(done.acquire(timeout=max(0.0, seconds)))


def _work(jobs: SimpleQueue[Job | StopRequest], hurry: SimpleQueue[None]) -> bool:
    """Run jobs until a fork stops the thread. Then returns True."""
    while True:
        batch, request = _batch(jobs, hurry)
        _do(batch)
        del batch  # else its calls stay in memory until the next job
        if request is not None and request.claim():
            return True


def _batch(
    jobs: SimpleQueue[Job | StopRequest], hurry: SimpleQueue[None]
) -> tuple[list[Job], StopRequest | None]:
    batch: list[Job] = []
    job = jobs.get()
    if not isinstance(job, StopRequest):
        _pause(hurry)
    with suppress(Empty):
        while not isinstance(job, StopRequest):
            batch.append(job)
            if len(batch) == _MOST_AT_ONCE:
                hurry.put(None)  # more jobs may wait
                return batch, None
            job = jobs.get_nowait()
        return batch, job
    return batch, None


def _pause(hurry: SimpleQueue[None]) -> None:
    # The pause ends before the other jobs are taken, so a job with a waiting caller is among them.
    with suppress(Empty):
        hurry.get(timeout=PAUSE_SECONDS)
        while True:
            hurry.get_nowait()


def _all(jobs: SimpleQueue[Job | StopRequest]) -> list[Job]:
    found: list[Job] = []
    with suppress(Empty):
        while True:
            job = jobs.get_nowait()
            if not isinstance(job, StopRequest):
                found.append(job)
    return found


def _do(batch: list[Job]) -> None:
    settlements: list[Settlement] = []
    for job in batch:
        if isinstance(job, _Waited):  # settle the jobs ahead of it first
            _settle(settlements)
            settlements = []
        try:
            settlement = job()
        except Exception:
            log.exception("quotakeeper: a finished call could not be settled")
        else:
            if settlement is not None:
                settlements.append(settlement)
    _settle(settlements)


def _settle(settlements: list[Settlement]) -> None:
    try:
        settle_batch(settlements)
    except Exception:
        log.exception("quotakeeper: finished calls could not be settled")
