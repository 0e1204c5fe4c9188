"""A daemon thread that ends before a fork and starts again on its next use.

From 3.12 on, Python counts the threads of a process that forks, and warns when there are several.
A fork may come at any instruction: from a signal handler, a finalizer, or the thread itself.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from quotakeeper.clocks import SystemClock
from quotakeeper.native_threads import (
    Lock,
    are_green,
    get_ident,
    get_native_id,
    has_daemon_threads,
    is_starting_threads,
    start_native,
)

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
        self._work = work
        self.ident = self.native_id = 0  # of the thread, once it runs
        self.thread = Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Start it. Raises RuntimeError when the process can't have a thread."""
        if are_green() or is_starting_threads():
            self.ident = start_native(self._traced, ())
        else:
            self.thread.start()

    def _traced(self) -> None:
        """As `Thread` does for its own: debuggers and coverage see what runs here."""
        if threading.gettrace() is not None:
            sys.settrace(threading.gettrace())
        if threading.getprofile() is not None:
            sys.setprofile(threading.getprofile())
        self._main()

    def _main(self) -> None:
        work, self._work = self._work, _nothing
        self.ident, self.native_id = get_ident(), get_native_id()
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
        until = _clock.monotonic() + _EXIT_SECONDS
        while _is_in_process(self.native_id) and _clock.monotonic() < until:
            _clock.sleep(_POLL_SECONDS)


def _nothing() -> bool:
    return False


def _is_in_process(native_id: int) -> bool:
    """Whether the operating system counts this thread; False where it can't be asked."""
    return os.path.exists(f"/proc/self/task/{native_id}")


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
        return run is not None and run.ident == get_ident()

    def start(self, work: Work) -> None:
        """Start it unless it runs. Raises RuntimeError when the process can't have a thread."""
        if self._runs:
            return
        run = _Run(self._name, work, self._runs)
        used = self.used
        try:
            if self._runs.setdefault(_ONE, run) is run:
                self.used = True
                run.start()
        except BaseException:  # no more threads, or a signal
            if _popped(run.right) and self._runs.get(_ONE) is run:
                self._runs.pop(_ONE, None)
                self.used = used
            raise

    def start_later(self, work: Work) -> None:
        """Start it from another thread, which is safe in a finalizer and in a signal handler.

        `Thread.start` takes a lock that the interrupted code may hold.
        """
        if has_daemon_threads():
            with suppress(RuntimeError):
                start_native(self._start_quietly, (work,))

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
        if run.ident in (0, get_ident()):
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
            run.leave_process()  # the next thing that a host does may be a fork
        return over


def _popped(claim: list[None]) -> bool:
    try:
        claim.pop()  # atomic
    except IndexError:
        return False
    return True
