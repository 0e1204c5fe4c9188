"""Makes sure that no connection of a parent process stays open in a forked child.

SQLite keeps a process's file locks in memory. A forked child gets a copy of that memory, but not
the locks. If the child then opened a ledger, it would write without locks. So a fork waits until
open reads end. If a connection was still open at the fork, the child must not use any ledger.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Condition, get_ident

from quotakeeper.errors import LedgerUnavailableError

_PATIENCE_SECONDS = 15.0


class _Readers:
    """Short-lived connections, each with the thread that opened it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open: dict[object, int] = {}
        self._forking = 0
        self._let_in: set[int] = set()
        self.inherited = False

    def enter(self, reader: object) -> None:
        mine = get_ident()
        with self._changed:
            self._changed.wait_for(lambda: not self._forking or mine in self._let_in)
            self._open[reader] = mine

    @contextmanager
    def let_in(self) -> Iterator[None]:
        mine = get_ident()
        self._let_in.add(mine)
        try:
            yield
        finally:
            self._let_in.discard(mine)

    def leave(self, reader: object) -> None:
        with self._changed:
            self._open.pop(reader, None)
            self._changed.notify_all()

    def before_fork(self) -> None:
        # A connection of this thread cannot close while the thread waits here: a signal handler
        # forks.
        mine = {get_ident()}
        with self._changed:
            self._forking += 1
            self._changed.wait_for(lambda: mine.issuperset(self._open.values()), _PATIENCE_SECONDS)

    def after_fork_in_parent(self) -> None:
        with self._changed:
            self._forking -= 1
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        self.inherited = self.inherited or bool(self._open)
        self._changed = Condition()
        self._open, self._forking, self._let_in = {}, 0, set()


_readers = _Readers()


@contextmanager
def for_a_moment(
    connect: Callable[[Path], sqlite3.Connection], path: Path
) -> Iterator[sqlite3.Connection]:
    """Return a context manager with a connection. Use it briefly: a fork waits until the end."""
    reader = object()
    try:  # the try starts first, because Ctrl-C may interrupt `enter`
        _readers.enter(reader)
        connection = connect(path)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        _readers.leave(reader)


def let_in() -> AbstractContextManager[None]:
    """Allow this thread to open connections while a fork waits, because that fork waits for this
    thread.

    Returns a context manager.
    """
    return _readers.let_in()


def inherited() -> None:
    """Record that a connection of the parent was open at the fork. Called in a forked child."""
    _readers.inherited = True


def refuse_if_inherited(path: Path) -> None:
    """Raise LedgerUnavailableError if a connection of the parent was open at the fork."""
    if _readers.inherited:
        raise LedgerUnavailableError(
            str(path),
            "this process was forked while its parent was using the ledger",
            'start it with the method "spawn", or fork before the ledger is used',
        )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_readers.before_fork,
        after_in_parent=_readers.after_fork_in_parent,
        after_in_child=_readers.after_fork_in_child,
    )
