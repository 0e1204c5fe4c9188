"""A daemon thread that ends before a fork and starts again on its next use.

From 3.12 on, Python counts the threads of a process that forks, and warns when there are several.
A fork may come at any instruction: from a signal handler, a finalizer, or the thread itself.
"""

from __future__ import annotations

import _thread
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread, get_ident, get_native_id

from quotakeeper.clocks import SystemClock

_EXIT_SECONDS = 0.5  # the most that a thread without work takes to end
_POLL_SECONDS = 0.0002
_ONE = "the thread"

# Returns True when a StopRequest ended it: then it may start again.
Work = Callable[[], bool]

_clock = SystemClock()


class StopRequest:
    """Lies in the queue of a thread: the thread ends when it gets there."""

    def __init__(self) -> None:
        self._claim = [None]

    def claim(self) -> bool:
        """Whether the caller comes first: the thread, or the fork that waits no longer."""
        return _popped(self._claim)


class _Run:
    """One start of the thread."""

    def __init__(self, name: str, work: Work, runs: dict[str, _Run]) -> None:
        self._runs = runs
        self.right = [None]  # to begin; an interrupted start takes it back
        self._over = Lock()
        self._over.acquire()
        self.thread = Thread(target=self._main, args=(work,), name=name, daemon=True)

    def _main(self, work: Work) -> None:
        try:
            if _popped(self.right) and work():
                self._runs.pop(_ONE, None)
        finally:
            self._over.release()

    def ended(self, seconds: float) -> bool:
        """Wait for its end; False when the end does not come in time."""
        if not self._over.acquire(timeout=max(0.0, seconds)):
            return False
        self._over.release()
        return True

    def join(self) -> None:
        """Wait until Python no longer counts a thread that has ended."""
        with suppress(RuntimeError):  # its start was interrupted
            self.thread.join(_EXIT_SECONDS)

    def leave_process(self) -> None:
        """Wait until the operating system does not either: `Thread.join` of 3.12 returns before."""
        self.join()
        if self.thread.native_id == get_native_id():  # a green thread
            return
        task = f"/proc/self/task/{self.thread.native_id}"
        until = _clock.monotonic() + _EXIT_SECONDS
        while os.path.exists(task) and _clock.monotonic() < until:
            _clock.sleep(_POLL_SECONDS)


class ResumableThread:
    """At most one thread at a time. A forked child makes a new object."""

    def __init__(self, name: str) -> None:
        self._name = name
        # `setdefault` is atomic: a signal handler and other threads may start it as well.
        self._runs: dict[str, _Run] = {}
        self.used = False  # whether it has ever been started

    @property
    def running(self) -> bool:
        """Whether it was started and no fork has stopped it since."""
        return bool(self._runs)

    @property
    def is_current(self) -> bool:
        """Whether the caller is this thread."""
        run = self._runs.get(_ONE)
        return run is not None and run.thread.ident == get_ident()

    def start(self, work: Work) -> None:
        """Start it unless it runs. Raises RuntimeError when the process can't have a thread."""
        if self._runs:
            return
        run = _Run(self._name, work, self._runs)
        used = self.used
        try:
            if self._runs.setdefault(_ONE, run) is run:
                self.used = True
                run.thread.start()
        except BaseException:  # no more threads, or a signal
            if _popped(run.right) and self._runs.get(_ONE) is run:
                self._runs.pop(_ONE, None)
                self.used = used
            raise

    def start_later(self, work: Work) -> None:
        """Start it from another thread, which is safe in a finalizer and in a signal handler.

        `Thread.start` takes a lock that the interrupted code may hold.
        """
        with suppress(RuntimeError):
            _thread.start_new_thread(self._start_quietly, (work,))

    def _start_quietly(self, work: Work) -> None:
        with suppress(RuntimeError):
            self.start(work)

    def stop(self, ask: Callable[[StopRequest], None], seconds: float) -> bool:
        """Put a request into its queue by `ask`; whether the thread has ended in time.

        A thread that has not ended goes on, and ignores the request.
        """
        run = self._runs.get(_ONE)
        if run is None:
            return True
        if run.thread.ident in (None, get_ident()):
            return False
        request = StopRequest()
        ask(request)
        over = run.ended(seconds)
        if request.claim() and not over:
            return False
        run.ended(_EXIT_SECONDS)
        run.leave_process()
        return True

    def ended(self, seconds: float) -> bool:
        """Wait for the end of the present run; False when the end does not come in time."""
        run = self._runs.get(_ONE)
        if run is None:
            return True
        over = run.ended(seconds)
        if over:
            run.join()
        return over


def _popped(claim: list[None]) -> bool:
    try:
        claim.pop()  # atomic
    except IndexError:
        return False
    return True
