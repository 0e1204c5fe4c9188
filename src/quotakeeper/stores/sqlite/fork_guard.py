"""No connection of a parent lives on in a forked child.

SQLite keeps the locks that a process has on a file in memory, which a child inherits though it has
none of them: beside an inherited connection, a new one would write without locks, and into files
that others believe to be free to remove. So a fork waits for reads under way to end, and a child
that was forked all the same while something was open is not let near a ledger.
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
    """Connections that are open for a moment, each with the thread that it is open in."""

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
        # What is open in this very thread cannot end while it waits: a signal came, and its
        # handler forks.
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
    """A connection that no fork happens beside: keep it open for as short as can be."""
    reader = object()
    try:  # from before it enters: Ctrl-C may come as soon as it has
        _readers.enter(reader)
        connection = connect(path)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        _readers.leave(reader)


def let_in() -> AbstractContextManager[None]:
    """For a store whose owner a fork waits for: it reads on without waiting for that fork."""
    return _readers.let_in()


def inherited() -> None:
    """In a child: say that a connection of the parent was open at the fork."""
    _readers.inherited = True


def refuse_if_inherited(path: Path) -> None:
    """Before a connection is opened: not beside one of the parent's."""
    if _readers.inherited:
        raise LedgerUnavailableError(
            str(path),
            "this process was forked while its parent was using the ledger",
            "start it by spawn, or fork before the ledger is used",
        )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_readers.before_fork,
        after_in_parent=_readers.after_fork_in_parent,
        after_in_child=_readers.after_fork_in_child,
    )
