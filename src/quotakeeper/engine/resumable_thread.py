"""A daemon thread that ends before a fork and starts again on next use.

From 3.12 on, Python warns if a process forks while it has several threads. So `stop` is called
before a fork. A fork may happen at any instruction: in a signal handler, in a finalizer, or in the
thread itself.
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

_EXIT_SECONDS = 0.5  # the longest that a thread without work takes to end
_POLL_SECONDS = 0.0002
_ONE = "the thread"

# Returns True if a StopRequest ended it; then the thread may start again.
Work = Callable[[], bool]

_clock = SystemClock()


class StopRequest:
    """An item in a thread's queue. The thread ends when it takes the item from the queue."""

    def __init__(self) -> None:
        self._claim = [None]

    def claim(self) -> bool:
        """Claim the request. Returns True for the first claim only.

        The thread claims the request and ends. If the thread takes too long, `stop` claims the
        request first, so that the thread ignores it.
        """
        return _popped(self._claim)


class _Run:
    """One run of the thread, from its start to its end."""

    def __init__(self, name: str, work: Work, runs: dict[str, _Run]) -> None:
        self._runs = runs
        self.right = [None]  # empty once the thread runs, or once an interrupted start gave up
        self._over = Lock()
        self._over.acquire()
        self._work = work
        self.ident = self.native_id = 0  # set when the thread runs
        self.thread = Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread. Raises RuntimeError if the process cannot have a thread."""
        if are_green() or is_starting_threads():
            self.ident = start_native(self._traced, ())
        else:
            self.thread.start()

    def _traced(self) -> None:
        """Run the thread with the tracing of debuggers and coverage enabled, as `Thread` does."""
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
        """Wait for the end of the thread. Returns False if it does not end within `seconds`."""
        if not self._over.acquire(timeout=max(0.0, seconds)):
            return False
        self._over.release()
        return True

    def join(self) -> None:
        """Wait until Python no longer counts this thread. Call this after the thread's work has
        ended."""
        with suppress(RuntimeError):  # the start was interrupted
            self.thread.join(_EXIT_SECONDS)

    def leave_process(self) -> None:
        """Wait until the operating system no longer counts the thread.

        In Python 3.12, `Thread.join` may return before that.
        """
        self.join()
        until = _clock.monotonic() + _EXIT_SECONDS
        while _is_in_process(self.native_id) and _clock.monotonic() < until:
            _clock.sleep(_POLL_SECONDS)


def _nothing() -> bool:
    return False


def _is_in_process(native_id: int) -> bool:
    """Whether the operating system counts this thread; False on systems without /proc."""
    return os.path.exists(f"/proc/self/task/{native_id}")


class ResumableThread:
    """A thread that can be stopped and started again. A forked child needs a new object."""

    def __init__(self, name: str) -> None:
        self._name = name
        # Not empty while the thread runs. `setdefault` is atomic, because a signal handler or another
        # thread may start it as well.
        self.runs: dict[str, _Run] = {}
        self.used = False  # whether it was ever started

    @property
    def running(self) -> bool:
        """Whether the thread was started and no stop request has ended it since."""
        return bool(self.runs)

    @property
    def is_current(self) -> bool:
        """Whether the caller is this thread."""
        run = self.runs.get(_ONE)
        return run is not None and run.ident == get_ident()

    def start(self, work: Work) -> None:
        """Start the thread unless it runs. Raises RuntimeError if the process cannot start a
        thread."""
        if self.runs:
            return
        run = _Run(self._name, work, self.runs)
        used = self.used
        try:
            if self.runs.setdefault(_ONE, run) is run:
                self.used = True
                run.start()
        except BaseException:  # no thread is available, or a signal arrived
            if _popped(run.right) and self.runs.get(_ONE) is run:
                self.runs.pop(_ONE, None)
                self.used = used
            raise

    def start_later(self, work: Work) -> None:
        """Start the thread from another new thread: safe in a finalizer and in a signal handler.

        `Thread.start` is not safe there, because it takes a lock that the interrupted code may
        hold.
        """
        if has_daemon_threads():
            with suppress(RuntimeError):
                start_native(self._start_quietly, (work,))

    def _start_quietly(self, work: Work) -> None:
        with suppress(RuntimeError):
            self.start(work)

    def stop(self, ask: Callable[[StopRequest], None], seconds: float) -> bool:
        """Stop the thread. Returns whether the thread ended within `seconds`.

        Calls `ask` to put a stop request into the thread's queue. A thread that does not end in
        time continues and ignores the request.
        """
        run = self.runs.get(_ONE)
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
        """Wait until the present run of the thread ends. Returns False if this takes longer than
        `seconds`."""
        run = self.runs.get(_ONE)
        if run is None:
            return True
        over = run.ended(seconds)
        if over:
            run.leave_process()  # the program may fork next
        return over


def _popped(claim: list[None]) -> bool:
    try:
        claim.pop()  # atomic
    except IndexError:
        return False
    return True
