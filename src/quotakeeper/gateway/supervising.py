"""Starts the workers of a gateway, which share its listening sockets, and replaces those that end."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway.worker_link import END, READY, STOP, WorkerLink
from quotakeeper.value_classes import dataclass

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0  # seconds before a worker that ended starts again
LONG_LIFE = 30.0  # seconds after which the next pause is the first one again
_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD")


@dataclass(frozen=True, slots=True)
class WorkerEnd:
    """A worker that ended unasked. `code` is its exit code, or minus the number of a signal.

    `pause` is how many seconds later it starts again. If the system could not start the worker,
    `problem` says why, and `process` and `code` are 0.
    """

    number: int
    process: int
    code: int
    pause: float
    problem: str = ""


class _Worker:
    """What the supervisor knows of one worker. `process` is 0 while it does not run."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process = 0
        self.link: socket.socket | None = None
        self.is_ready = False
        self.started_at = 0.0
        self.pause = 0.0
        self.due_at: float | None = None


def check_can_supervise() -> None:
    """Raise InvalidInputError if processes cannot share a socket here."""
    if not hasattr(os, "fork"):
        raise InvalidInputError(
            "--workers", "more than one process is possible on Unix only", "use --workers 1"
        )


def supervise(
    count: int, listeners: Sequence[socket.socket], *, announce: Callable[[], None],
    ended: Callable[[WorkerEnd], None], clock: Clock | None = None,
) -> WorkerLink | int:  # fmt: skip
    """Run `count` workers until a signal stops them. Call it before any thread starts.

    It returns in several processes: in each worker its link, and in the supervisor the exit code,
    when all workers have ended. SIGTERM and SIGINT stop the workers; a second one ends their calls
    at once. SIGHUP passes on. `announce` is called once all workers serve. Raises InvalidInputError
    if the system cannot start one of them at the beginning.
    """
    return _Supervisor(count, listeners, (announce, ended), clock or SystemClock()).run()


class _Supervisor:
    def __init__(
        self, count: int, listeners: Sequence[socket.socket],
        tell: tuple[Callable[[], None], Callable[[WorkerEnd], None]], clock: Clock,
    ) -> None:  # fmt: skip
        self._workers = [_Worker(number) for number in range(count)]
        self._listeners = listeners
        self._announce, self._ended = tell
        self._clock = clock
        self._folder = Path(tempfile.mkdtemp(prefix="quotakeeper-workers-"))
        self._woken, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._is_announced = self._is_stopping = False
        self._code = 0
        self._failure: InvalidInputError | None = None
        self._process = os.getpid()

    def run(self) -> WorkerLink | int:
        """Run until all workers have ended, or return the link in a worker."""
        try:
            return self._run()
        finally:
            if os.getpid() == self._process:  # a worker needs the folder
                shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> WorkerLink | int:
        for each in (self._woken, self._waker):
            each.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for name in _SIGNALS:
            signal.signal(getattr(signal, name), lambda *_: None)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._workers[0].due_at = 0.0  # the others start when the first one serves
        while True:
            link = self._start_due()
            if link is not None:
                return link
            if self._is_stopping and not any(each.process for each in self._workers):
                if self._failure is not None:
                    raise self._failure
                return self._code
            for key, _ in self._selector.select(self._until_due()):
                if key.data is None:
                    self._signalled()
                else:
                    self._heard(key.data)

    # -- starting

    def _start_due(self) -> WorkerLink | None:
        for worker in self._workers:
            if worker.due_at is not None and worker.due_at <= self._clock.monotonic():
                worker.due_at = None
                try:
                    link = self._start(worker)
                except OSError as error:  # too many processes or files, or too little memory
                    self._could_not_start(worker, error.strerror or str(error))
                    continue
                if link is not None:
                    return link
        return None

    def _until_due(self) -> float | None:
        due = [each.due_at for each in self._workers if each.due_at is not None]
        return max(0.0, min(due) - self._clock.monotonic()) if due else None

    def _start(self, worker: _Worker) -> WorkerLink | None:
        """Start a worker. Returns its link in the worker itself, else None."""
        mine, its = socket.socketpair()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        blocked = {getattr(signal, name) for name in _SIGNALS}
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)  # the worker gets none by this handler
        try:
            process = os.fork()
        except OSError:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            mine.close()
            its.close()
            raise
        if process == 0:
            self._forget_supervising(mine)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
            its.setblocking(False)
            return WorkerLink(worker.number, its, self._listeners, self._folder)
        worker.process, worker.link, worker.is_ready = process, mine, False
        worker.started_at = self._clock.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
        its.close()
        mine.setblocking(False)
        self._selector.register(mine, selectors.EVENT_READ, worker)
        return None

    def _could_not_start(self, worker: _Worker, problem: str) -> None:
        if self._is_announced:
            worker.started_at = self._clock.monotonic()  # so that the pauses grow
            self._plan_restart(worker, 0, 0, problem)
            return
        self._failure = InvalidInputError(
            "--workers", f"worker {worker.number + 1} could not start: {problem}",
            "use fewer workers, or raise the limits of processes, files and memory",
        )  # fmt: skip
        self._give_up()

    def _give_up(self) -> None:
        """Stop the workers that run, because not all can serve at the beginning."""
        self._is_stopping = True
        for each in self._workers:
            each.due_at = None
            self._tell(each, STOP)

    def _forget_supervising(self, mine: socket.socket) -> None:
        """Leave the supervisor's signals and sockets, in a new worker.

        Until the worker has its own handlers, it ignores signals that stop it: the supervisor tells
        it to stop by the link.
        """
        signal.set_wakeup_fd(-1)
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        others = [each.link for each in self._workers if each.link is not None]
        for each in (mine, self._woken, self._waker, *others):
            each.close()

    # -- what happens

    def _signalled(self) -> None:
        try:
            numbers = self._woken.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP:
                for worker in self._workers:
                    if worker.is_ready:
                        os.kill(worker.process, signal.SIGHUP)
        self._reap()

    def _stop(self) -> None:
        order = END if self._is_stopping else STOP
        self._is_stopping = True
        for worker in self._workers:
            worker.due_at = None
            self._tell(worker, order)

    def _tell(self, worker: _Worker, order: bytes) -> None:
        if worker.link is not None:
            with suppress(OSError):  # it has ended
                worker.link.send(order)

    def _heard(self, worker: _Worker) -> None:
        assert worker.link is not None
        try:
            told = worker.link.recv(64)
        except OSError:
            told = b""
        if READY not in told:  # the worker ends; SIGCHLD tells how
            self._selector.unregister(worker.link)
            return
        worker.is_ready = True
        for each in self._workers:
            is_new = not (each.process or self._is_stopping or each.started_at)
            each.due_at = 0.0 if is_new else each.due_at
        if not self._is_announced and all(each.is_ready for each in self._workers):
            self._is_announced = True
            self._announce()

    def _reap(self) -> None:
        for worker in self._workers:
            if worker.process:
                process, status = os.waitpid(worker.process, os.WNOHANG)
                if process:
                    self._has_ended(worker, os.waitstatus_to_exitcode(status))

    def _has_ended(self, worker: _Worker, code: int) -> None:
        process, worker.process = worker.process, 0
        if worker.link is not None:
            with suppress(KeyError):
                self._selector.unregister(worker.link)
            worker.link.close()
            worker.link = None
        if self._is_stopping:
            self._code = self._code or (code if code >= 0 else 1)
        elif not self._is_announced and not worker.is_ready:  # it has told why it cannot serve
            self._code = code if code > 0 else 1
            self._give_up()
        else:
            self._plan_restart(worker, process, code)
        worker.is_ready = False

    def _plan_restart(self, worker: _Worker, process: int, code: int, problem: str = "") -> None:
        now = self._clock.monotonic()
        lived_long = now - worker.started_at >= LONG_LIFE
        worker.pause = (
            FIRST_PAUSE if lived_long or not worker.pause else min(2 * worker.pause, LONGEST_PAUSE)
        )
        worker.due_at = now + worker.pause
        self._ended(WorkerEnd(worker.number, process, code, worker.pause, problem))
