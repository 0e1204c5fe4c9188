"""Fork and exit: stops all threads and closes all connections before a process forks or ends.

SQLite keeps file locks per process, in memory that a forked child inherits. If the child used a
connection of its parent, it would rely on locks that it does not hold. Commits of either process
could then be lost. So before a fork, every batch under way is finished and every connection is
closed. Parent and child each open their own connection on next use.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from quotakeeper.native_threads import Lock, RLock

_GOODBYE_SECONDS = 2.0

log = logging.getLogger("quotakeeper.engine")


class FairLock:
    """A fair lock. The worker takes it for each batch, and a fork still gets it soon.

    With a plain lock, a busy worker would take the lock again before the fork gets it. Whoever
    takes the lock takes `using` while it holds `turnstile`, and releases `turnstile` at once.
    """

    def __init__(self) -> None:
        self.turnstile = Lock()
        self.using = Lock()

    def wait(self, seconds: float | None = None) -> bool:
        """Take the lock. Returns False if the lock does not become free in time.

        The wait takes at most twice `seconds`. If `seconds` is None, there is no time limit.
        """
        limit = -1 if seconds is None else seconds
        if not self.turnstile.acquire(timeout=limit):
            return False
        try:
            return bool(self.using.acquire(timeout=limit))
        finally:
            self.turnstile.release()

    def end(self) -> None:
        """Release the lock."""
        self.using.release()

    def __enter__(self) -> None:
        with self.turnstile:
            self.using.acquire()

    def __exit__(self, *_: object) -> None:
        self.using.release()


class Resting(Protocol):
    """The methods of an object that must act at a fork."""

    def before_fork(self) -> None:
        """Stop all work and close handles."""

    def after_fork_in_parent(self) -> None:
        """Continue the work in the parent."""

    def after_fork(self) -> None:
        """Start with fresh state in the child."""


class Member(Resting, Protocol):
    """The methods of an object that must act at a fork and at the end of the process."""

    def leave_process(self, seconds: float) -> None:
        """Finish all work within `seconds`. Must still accept later calls."""


def call_at_exit(handler: Callable[[], None]) -> None:
    """Register a handler for the end of the process. Handlers run in reverse order of registration.

    Under `quotakeeper run`, the handler runs after all handlers that the program registered.
    """
    # `launch/inject/sitecustomize.py` registers this list before the program can register handlers.
    handlers: list[Callable[[], None]] | None = getattr(
        sys.modules.get("_quotakeeper_run"), "exit_handlers", None
    )
    if handlers is None:
        atexit.register(handler)
    else:
        handlers.append(handler)


class ProcessLifecycle:
    """Calls the objects of this process that must act at a fork or at exit."""

    def __init__(self) -> None:
        self._members: weakref.WeakSet[Member] = weakref.WeakSet()
        self._users: weakref.WeakSet[Resting] = weakref.WeakSet()
        self._resting: list[Resting] = []
        # Only the forking thread takes and releases these; the child has its own.
        self._forks, self._depth = RLock(), 0
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child
            )
        call_at_exit(self._at_exit)

    def join(self, member: Member) -> None:
        """Add a member. The member is removed automatically when the object is deleted."""
        with self._lock:
            self._members.add(member)

    def join_as_user(self, user: Resting) -> None:
        """Add an object that uses members. At a fork, it acts before the members."""
        self._users.add(user)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Delay forks inside a `with` block.

        Late imports need this. If a thread forks while another thread imports a module, the child
        would wait for the module's lock for ever.
        """
        with self._lock:
            yield

    def _before(self) -> None:
        self._forks.acquire()
        self._depth += 1
        users = list(self._users)
        for user in users:  # without the lock, because observers may import modules
            with _said():
                user.before_fork()
        self._lock.acquire()
        members = list(self._members)
        for member in members:
            with _said():
                member.before_fork()
        self._resting = [*members, *users]

    def _in_parent(self) -> None:
        self._depth = max(0, self._depth - 1)
        if not self._depth:  # else a signal handler forked inside this fork
            for each in self._resting:
                with _said():
                    each.after_fork_in_parent()
            self._resting = []
        for lock in (self._lock, self._forks):
            with suppress(RuntimeError):
                lock.release()

    def _in_child(self) -> None:
        for each in self._resting:
            with _said():
                each.after_fork()
        self._resting = []
        self._lock, self._forks, self._depth = RLock(), RLock(), 0

    def _at_exit(self) -> None:
        with self._lock:
            members = list(self._members)
        for member in members:
            with _said():
                member.leave_process(_GOODBYE_SECONDS)


@contextmanager
def _said() -> Iterator[None]:
    """Log an error in the `with` block instead of raising it, so that other members still act."""
    try:
        yield
    except Exception:
        log.exception("quotakeeper: a keeper failed during a fork or at exit")


lifecycle = ProcessLifecycle()
