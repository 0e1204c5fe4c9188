"""Fork and exit: no thread of ours works, or is there, when its process is copied or ends.

SQLite keeps its locks per process and per file, in memory that a child inherits: a child that goes
on beside a connection of its parent believes in locks that it does not have, and commits of either
can be lost. So before a fork every batch under way is finished and every connection let go of;
parent and child each open their own when they need one.
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
    """Whose turn it is: the worker's for each batch, or a fork's, which does not wait for long.

    Bare locks are not fair: a busy worker would take its own back before the fork gets it.
    """

    def __init__(self) -> None:
        self._turnstile = Lock()
        self._using = Lock()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the turn; False when it did not come in this time, or twice it at worst."""
        limit = -1 if seconds is None else seconds
        if not self._turnstile.acquire(timeout=limit):
            return False
        try:
            return bool(self._using.acquire(timeout=limit))
        finally:
            self._turnstile.release()

    def end(self) -> None:
        """Leave it to the next."""
        self._using.release()

    def __enter__(self) -> None:
        self.wait()

    def __exit__(self, *_: object) -> None:
        self.end()


class Resting(Protocol):
    """Who has to know of a fork."""

    def before_fork(self) -> None:
        """Come to rest."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork(self) -> None:
        """In the child: begin anew."""


class Member(Resting, Protocol):
    """Who has to know of a fork and of the end."""

    def leave_process(self, seconds: float) -> None:
        """Finish, in so many seconds at most; a call that comes later is still served."""


def call_at_exit(handler: Callable[[], None]) -> None:
    """Have a handler called when the process ends: the last one given is called first.

    Under `quotakeeper run` it is called after all that the program itself has registered.
    """
    # What `launch/inject/sitecustomize.py` has registered before the program could.
    handlers: list[Callable[[], None]] | None = getattr(
        sys.modules.get("_quotakeeper_run"), "exit_handlers", None
    )
    if handlers is None:
        atexit.register(handler)
    else:
        handlers.append(handler)


class ProcessLifecycle:
    """Everybody in this process who has to know."""

    def __init__(self) -> None:
        self._members: weakref.WeakSet[Member] = weakref.WeakSet()
        self._users: weakref.WeakSet[Resting] = weakref.WeakSet()
        self._resting: list[Resting] = []
        # The thread that forks takes and gives them back; the child has its own.
        self._forks, self._depth = RLock(), 0
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child
            )
        call_at_exit(self._at_exit)

    def join(self, member: Member) -> None:
        """Be told for as long as you live."""
        with self._lock:
            self._members.add(member)

    def join_as_user(self, user: Resting) -> None:
        """Be told of forks as long as the members still work: their user rests first."""
        self._users.add(user)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """No fork happens meanwhile.

        For imports made late: a child that is forked while another thread imports a module waits
        for that module's lock for ever.
        """
        with self._lock:
            yield

    def _before(self) -> None:
        self._forks.acquire()
        self._depth += 1
        users = list(self._users)
        for user in users:  # without the lock: what they still do may import
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
        if not self._depth:  # a signal handler forked while this thread was about to
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
    """What befalls one member is said, and is not the trouble of the others."""
    try:
        yield
    except Exception:
        log.exception("quotakeeper: a keeper failed at a fork or at the end")


lifecycle = ProcessLifecycle()
