"""Transactions on the ledger file: one connection, used under one lock.

After an error, a new connection is opened.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import LedgerError
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sqlite.connection import connect
from quotakeeper.stores.sqlite.dialect import SQLITE_ERRORS, sqlite_session
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.files import create_file
from quotakeeper.stores.sqlite.fork_guard import inherited, refuse_if_inherited
from quotakeeper.stores.sqlite.locks import (
    BRIEFLY_SECONDS,
    PATIENCE_SECONDS,
    FileLock,
    HeldElsewhereError,
    OwnerMark,
)

_CHECKPOINT_BYTES = 4_000_000  # a longer log is checkpointed after opening and before closing
# The log's file does not shrink after a checkpoint, so its size does not say how much is new. The
# pages of this connection's commits are estimated instead. SQLite's own default is 1,000 pages.
_CHECKPOINT_PAGES = 1_000
_PAGES_A_COMMIT = 6
_ROWS_A_PAGE = 10  # in addition, for each row that a commit changes

T = TypeVar("T")
# Writes within one transaction. Returns the result, and whether there is anything to commit.
Write = Callable[[SqlState], tuple[T, bool]]

log = logging.getLogger("quotakeeper.stores")


class Transactions:
    """Opens a ledger file on first use. Reads and writes it in whole transactions."""

    def __init__(
        self, path: Path, zones: ZoneFinder, *, owner: str, durability: str = "power",
        group: int | None = None,
    ) -> None:  # fmt: skip
        self._path = path.absolute()
        self._file_name = str(self._path)  # converting a path takes longer than `stat`
        self._zones = zones
        self._durability = durability
        self._owner = owner
        self._group = group  # the Unix group that shares the ledger
        self._owners = self._beside("-owners")
        self._connection: sqlite3.Connection | None = None
        self._state: SqlState | None = None
        self._lock: FileLock | None = None
        self._mark: OwnerMark | None = None
        self._file: tuple[int, int] | None = None  # device and inode of the connected file
        self._left: list[sqlite3.Connection] = []  # connections to close when the lock is free
        self._commits = 0  # since the last checkpoint
        self._rows = 0  # of `total_changes` at the last checkpoint
        self._doubt: ClockDoubt | None = None

    def close(self) -> None:
        """Close all handles. If the write-ahead log is long, it is checkpointed before, under the
        file lock.
        """
        leaves = self._mark is not None and self._leaves_something()
        if self._lock is not None:
            with suppress(OSError), self._lock.held(BRIEFLY_SECONDS):
                if self._connection is not None and self._log_is_long():
                    self._checkpoint(self._connection)
                self._drop()
            self._lock.close()
        if self._mark is not None:
            self._mark.close(kept=leaves)
        if self._connection is not None:
            self._left.append(self._connection)
        # Keep them referenced: if the garbage collector closed them, that would checkpoint without
        # the lock.
        _leaked.extend(self._left)
        self._left.clear()
        self._connection = self._state = self._lock = self._mark = self._file = None

    def before_fork(self) -> None:
        """Close the connection before a fork. The file that shows that this process is running
        stays locked.
        """
        if self._connection is not None or self._left:
            self._given_up(None)

    def leave_to_parent(self) -> None:
        """Drop the handles of the parent process without closing them. Called in a forked child."""
        if self._connection is not None:
            self._left.append(self._connection)
        if self._left:
            _leaked.extend(self._left)
            inherited()
        if self._mark is not None:
            self._mark.close(kept=True)
        if self._lock is not None:
            self._lock.close()

    # -- transactions

    def _written(self, write: Write[T]) -> T:
        state = self._opened()
        assert self._connection is not None and self._lock is not None
        connection = self._connection
        try:
            taken = self._lock.take(PATIENCE_SECONDS)
            try:
                result = self._committed(connection, state, write)
                self._commits += 1
                rows = connection.total_changes - self._rows
                if _PAGES_A_COMMIT * self._commits + rows // _ROWS_A_PAGE >= _CHECKPOINT_PAGES:
                    self._checkpoint(connection)
            finally:
                taken.let_go()
        except HeldElsewhereError as error:  # no transaction was begun; keep the connection
            raise translated(self._path, error) from error
        except OSError as error:
            raise self._given_up(error) from error
        return result

    def _committed(self, connection: sqlite3.Connection, state: SqlState, write: Write[T]) -> T:
        # Roll back and close after any error, before the next writer gets the lock.
        committing = False
        try:
            connection.execute("BEGIN IMMEDIATE")
            state.refresh()
            if state.is_void:
                state = self._renewed(connection)
            result, committing = write(state)
            connection.execute("COMMIT" if committing else "ROLLBACK")
        except (*SQLITE_ERRORS, OSError, DamagedRowError) as error:
            self._drop()
            raise translated(self._path, error, at_commit=committing) from error
        except BaseException:
            self._drop()
            raise
        return result

    def _read(self, ask: Callable[[SqlState], T]) -> T:
        state = self._opened()
        assert self._connection is not None
        try:
            self._connection.execute("BEGIN")
            try:
                state.refresh()
                if state.is_void:
                    state = self._renewed(self._connection)
                return ask(state)
            finally:
                # If SQLite ended the transaction itself, this must not hide its first error.
                _rolled_back(self._connection)
        except (*SQLITE_ERRORS, DamagedRowError) as error:
            raise self._given_up(error) from error

    def _renewed(self, connection: sqlite3.Connection) -> SqlState:
        state = self._state = SqlState(sqlite_session(connection), self._zones)
        state.refresh()
        return state

    # -- the file

    def _there(self) -> None:
        # Readers open their own connections in any thread; this only makes sure that the file
        # exists.
        if not self._path.exists():
            self._opened()

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _opened(self) -> SqlState:
        if self._state is not None:
            try:  # as in `_identity`, without a call, because every batch comes here
                found = os.stat(self._file_name)
                if (found.st_dev, found.st_ino) == self._file:
                    return self._state
            except OSError:
                pass
            log.warning(
                "quotakeeper: the ledger %s was replaced; the new file is opened", self._path
            )
            self.close()
        if self._state is None:
            refuse_if_inherited(self._path)  # before it waits for a lock that its parent may hold
            try:
                create_file(self._path, self._group)
                if self._lock is None:
                    self._lock = FileLock(self._beside(".lock"))
                with self._lock.held(PATIENCE_SECONDS):
                    self._drop()
                    self._connection = connect(self._path, self._durability)
                    self._file, self._rows = self._identity(), 0
                    # A long log of an earlier process is checkpointed after the first batch.
                    self._commits = _CHECKPOINT_PAGES if self._log_is_long() else 0
                    if self._mark is None:
                        self._mark = OwnerMark(self._owners, self._owner, self._path)
            except OSError as error:
                raise self._given_up(error) from error
            self._state = SqlState(sqlite_session(self._connection), self._zones)
        return self._state

    def _identity(self) -> tuple[int, int] | None:
        # By path, without opening the file: see `create_file`.
        try:
            found = os.stat(self._file_name)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _leaves_something(self) -> bool:
        """Return True if this process leaves open reservations, or if they cannot be read.

        If True, `close` keeps the owner file of this process. Other processes then see from the
        unlocked file that this process has ended. Without the file, they would wait until the
        reservations expire.
        """
        if self._connection is None:
            return True
        try:
            session = sqlite_session(self._connection)
            mine = session.execute(session.sql["holds_of_owner"], (self._owner,))
            return mine.fetchone() is not None
        except SQLITE_ERRORS:
            return True

    def _given_up(self, error: BaseException | None) -> LedgerError:
        connection, self._connection, self._state = self._connection, None, None
        if connection is not None:
            self._left.append(connection)
            _rolled_back(connection)
        if self._lock is not None:
            # If the lock is not free, the next caller that gets it closes the connection.
            with suppress(OSError), self._lock.held(BRIEFLY_SECONDS):
                self._drop()
        return translated(self._path, error or RuntimeError())

    def _drop(self) -> None:
        """Close the connection, and the older connections that wait to be closed. Call this under
        the lock.

        After an error the cache may be wrong, and after a failed fsync the connection too. So the
        next call opens a new connection and reads the file again.
        """
        connection, self._connection, self._state = self._connection, None, None
        for dropped in (connection, *self._left):
            if dropped is not None:
                _rolled_back(dropped)
                with suppress(*SQLITE_ERRORS):
                    dropped.close()
        self._left.clear()

    def _log_is_long(self) -> bool:
        try:
            return self._beside("-wal").stat().st_size > _CHECKPOINT_BYTES
        except OSError:
            return False

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        self._commits, self._rows = 0, connection.total_changes
        # An error here must not fail the caller, whose write is already committed.
        with suppress(*SQLITE_ERRORS):
            connection.execute("PRAGMA wal_checkpoint (PASSIVE)").fetchall()


def _rolled_back(connection: sqlite3.Connection) -> None:
    with suppress(*SQLITE_ERRORS):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


# Handles of a parent process: closing them here could checkpoint or unlock a file that it uses.
_leaked: list[sqlite3.Connection] = []
