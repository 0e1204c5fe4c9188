"""The SQLite home of the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain import admission, ledger
from quotakeeper.domain.commands import Command, Outcomes
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.entries import Entry, Figures
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.reservations import Hold
from quotakeeper.domain.state import ZoneFinder
from quotakeeper.domain.store import EventQuery, Problem
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.errors import LedgerError
from quotakeeper.identifiers import new_owner
from quotakeeper.stores.sqlite.cached import SqliteState
from quotakeeper.stores.sqlite.connection import connect, create_file, translated
from quotakeeper.stores.sqlite.forking import inherited
from quotakeeper.stores.sqlite.locks import FileLock, OwnerMark, bury, dead_owners
from quotakeeper.stores.sqlite.queries import queries
from quotakeeper.stores.sqlite.reading import read_entries, read_events, verify_file

_CHECKPOINT_BYTES = 4_000_000
_LOOK_EVERY = 64  # batches between looks at the size of the write-ahead log

T = TypeVar("T")


class SqliteStore:
    """A ledger in one file. Used by one thread at a time; other processes may use it as well.

    `durability` is "power" (an acknowledged write survives losing power) or "process" (it survives
    kill -9, but the last writes may be lost with the power; never a damaged file).
    """

    def __init__(
        self, path: Path, zones: ZoneFinder, *, owner: str, durability: str = "power"
    ) -> None:
        self._path = path.absolute()
        self._zones = zones
        self._durability = durability
        self._owner = owner
        self._owners = self._beside("-owners")
        self._connection: sqlite3.Connection | None = None
        self._state: SqliteState | None = None
        self._lock: FileLock | None = None
        self._mark: OwnerMark | None = None
        self._batches = 0

    @property
    def name(self) -> str:
        """Where the ledger is, for people."""
        return str(self._path)

    @property
    def owner(self) -> str:
        """The name that this process's reservations are made under."""
        return self._owner

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit; see the Store port."""
        state = self._opened()
        assert self._connection is not None and self._lock is not None
        connection = self._connection
        committing = False
        try:
            with self._lock:
                connection.execute("BEGIN IMMEDIATE")
                state.refresh()
                outcomes, entries = ledger.apply(state, commands, now)
                written = state.save(entries)
                committing = written
                connection.execute("COMMIT" if written else "ROLLBACK")
                self._checkpoint_when_long(connection)
        except (sqlite3.Error, OSError) as error:
            raise self._given_up(error, at_commit=committing) from error
        except BaseException:
            self._given_up(None)
            raise
        return outcomes

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Whether a reservation would be admitted; changes nothing."""
        return self._read(lambda state: admission.check(state, labels, figures, limits, now))

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Where each limit stands."""
        return self._read(lambda state: admission.standing(state, limits, now))

    def holds(self) -> list[Hold]:
        """The open reservations, oldest first."""
        return self._read(lambda state: state.holds())

    def dead_owners(self) -> frozenset[str]:
        """Owners of open reservations whose process has ended."""
        self._opened()
        assert self._connection is not None
        try:
            rows = self._connection.execute(queries()["hold_owners"]).fetchall()
        except sqlite3.Error as error:
            raise self._given_up(error) from error
        others = frozenset(row[0] for row in rows) - {self._owner}
        return dead_owners(self._owners, others)

    def bury(self, owners: frozenset[str]) -> None:
        """Remove the marks of dead owners once their reservations have been ended."""
        bury(self._owners, owners)

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Events in the order they were booked."""
        self._there()
        return read_events(self._path, query)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The journal after a sequence number, in commit order."""
        self._there()
        return read_entries(self._path, after)

    def verify(self) -> list[Problem]:
        """Check the file, derive everything again from the journal, and compare."""
        self._there()
        return verify_file(self._path, self._zones)

    def close(self) -> None:
        """Checkpoint under the file lock and let go of everything."""
        if self._connection is not None and self._lock is not None:
            with suppress(sqlite3.Error, OSError), self._lock:
                self._connection.close()
        if self._mark is not None:
            self._mark.close()
        if self._lock is not None:
            self._lock.close()
        self._connection = self._state = self._lock = self._mark = None

    def before_fork(self) -> None:
        """Close the connection; the mark of this owner stays."""
        if self._connection is not None:
            self._given_up(None)

    def after_fork(self) -> SqliteStore:
        """In a forked child: drop the parent's handles unclosed and give a store of its own."""
        if self._connection is not None:
            _leaked.append(self._connection)
            inherited()
        if self._mark is not None:
            self._mark.close(forked=True)
        if self._lock is not None:
            self._lock.close()
        return SqliteStore(self._path, self._zones, owner=new_owner(), durability=self._durability)

    # -- inside

    def _there(self) -> None:
        # Readers open connections of their own, in any thread: only make sure of the file.
        if not self._path.exists():
            self._opened()

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _opened(self) -> SqliteState:
        if self._state is None:
            try:
                create_file(self._path)
                if self._lock is None:
                    self._lock = FileLock(self._beside(".lock"))
                with self._lock:
                    self._connection = connect(self._path, self._durability)
                    if self._mark is None:
                        self._mark = OwnerMark(self._owners, self._owner)
            except OSError as error:
                raise self._given_up(error) from error
            self._state = SqliteState(self._connection, self._zones)
        return self._state

    def _read(self, ask: Callable[[SqliteState], T]) -> T:
        state = self._opened()
        assert self._connection is not None
        try:
            self._connection.execute("BEGIN")
            try:
                state.refresh()
                return ask(state)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._given_up(error) from error

    def _given_up(self, error: BaseException | None, *, at_commit: bool = False) -> LedgerError:
        # After an error nothing cached can be trusted, and after a failed fsync neither can the
        # connection: it is dropped, and the next call opens a new one and looks at the file.
        connection, self._connection, self._state = self._connection, None, None
        if connection is not None:
            with suppress(sqlite3.Error, OSError), self._lock or nullcontext():
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.close()
        return translated(self._path, error or RuntimeError(), at_commit=at_commit)

    def _checkpoint_when_long(self, connection: sqlite3.Connection) -> None:
        self._batches += 1
        if self._batches % _LOOK_EVERY:
            return
        # Never the caller's trouble: what it asked for is committed already.
        with suppress(OSError, sqlite3.Error):
            if self._beside("-wal").stat().st_size > _CHECKPOINT_BYTES:
                connection.execute("PRAGMA wal_checkpoint (PASSIVE)").fetchall()


# Handles of a parent process: closing them here could checkpoint or unlock what it still uses.
_leaked: list[sqlite3.Connection] = []
