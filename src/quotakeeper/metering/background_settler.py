"""A thread that ends calls where nobody may wait: in finalizers, in callbacks, on event loops.

It does not begin at once. The program has just got its answer and is about to go on with it, and
two threads of one interpreter are in each other's way; a moment later it most likely waits for the
network again. What has ended by then is settled in one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from quotakeeper.engine.batch_settle import Settlement, settle_batch
from quotakeeper.engine.resumable_thread import ResumableThread, StopRequest
from quotakeeper.native_threads import Empty, Lock, SimpleQueue

# What a job gives back is settled with that of others.
Job = Callable[[], Settlement | None]
PAUSE_SECONDS = 0.005
_FAR_BEHIND = 128
_MOST_AT_ONCE = 64
_FORK_SECONDS = 2.0  # for which a fork waits for the jobs under way

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
        self._jobs: SimpleQueue[Job | StopRequest] = SimpleQueue()
        # Not an Event, whose lock a signal handler may find taken by the code that it interrupts.
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._thread = ResumableThread("quotakeeper-settler")
        self._has_thread = True  # or may have one

    def start(self) -> None:
        """Have the thread running; to be called where a thread may be started."""
        try:
            self._thread.start(self._work())
        except RuntimeError:  # at its exit Python 3.12 starts none
            self._has_thread = False
            self.work_off()

    def work_off(self) -> None:
        """Where no thread can be had: do here what was handed over. Not for finalizers."""
        if not (self._has_thread or self._thread.running):
            _do(_all(self._jobs))

    def _work(self) -> Callable[[], bool]:
        jobs, hurry = self._jobs, self._hurry
        return lambda: _work(jobs, hurry)

    def put(self, job: Job) -> None:
        """Hand over a job; safe in a finalizer."""
        self._jobs.put(job)
        self._resume()

    def put_at_once(self, job: Callable[[], object]) -> None:
        """Hand over a job that somebody waits for: no pause is made before those in front of it."""
        self._jobs.put(_Waited(job))
        self._hurry.put(None)
        self._resume()
        self.work_off()

    def _resume(self) -> None:
        # After a fork only; before the first start nothing is started from here.
        if self._thread.used and not self._thread.running:
            self._thread.start_later(self._work())

    def __del__(self) -> None:
        with suppress(Exception):  # the interpreter may be on its way out
            self._ask_to_stop(StopRequest())

    def before_fork(self) -> None:
        """Have the jobs done that were handed over, and end the thread, if that takes no long."""
        self._thread.stop(self._ask_to_stop, _FORK_SECONDS)

    def _ask_to_stop(self, request: StopRequest) -> None:
        self._jobs.put(request)
        self._hurry.put(None)

    def after_fork_in_parent(self) -> None:
        """Go on with what was handed over meanwhile; the next call starts the thread else."""
        if not self._jobs.empty():
            self._resume()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that callers should rather do their own, all at once."""
        return self._jobs.qsize() > _FAR_BEHIND

    def wait(self, seconds: float) -> bool:
        """Wait until everything that was handed over is done; False if it takes too long."""
        if not self._thread.running and (not self._thread.used or self._jobs.empty()):
            return True
        done = Lock()
        done.acquire()
        self._jobs.put(_Waited(done.release))
        self._hurry.put(None)
        self.start()
        return bool(done.acquire(timeout=max(0.0, seconds)))


def _work(jobs: SimpleQueue[Job | StopRequest], hurry: SimpleQueue[None]) -> bool:
    """Do what comes until a fork stops the thread."""
    while True:
        batch, request = _batch(jobs, hurry)
        _do(batch)
        del batch  # or it would hold on to its calls until the next ones
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
                hurry.put(None)  # there may be more
                return batch, None
            job = jobs.get_nowait()
        return batch, job
    return batch, None


def _pause(hurry: SimpleQueue[None]) -> None:
    # Over before the rest is taken: who hurries has put his job first.
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
