"""Tables beside the journal in a ledger file, which only some ledgers have: virtual keys, alerts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.identifiers import new_owner
from quotakeeper.native_threads import Lock
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.errors import read_only
from quotakeeper.stores.sqlite.read_only import opens_read_only
from quotakeeper.stores.sqlite.transactions import Transactions

T = TypeVar("T")
Rows = TypeVar("Rows")


class SideTables(Transactions, Generic[Rows]):
    """Reads and changes the tables of one kind, through `Rows`. Any thread may use it.

    Each call opens the file and closes it, so that a fork is safe.
    """

    def __init__(
        self, path: Path, zones: ZoneFinder, *, durability: str = "power", group: int | None = None
    ) -> None:  # fmt: skip
        super().__init__(path, zones, owner=new_owner(), durability=durability, group=group)
        self._changing = Lock()

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""
        return self._file_name

    @abstractmethod
    def _has_tables(self, session: SqlSession) -> bool:
        """Return whether the ledger has the tables."""

    @abstractmethod
    def _make_tables(self, session: SqlSession) -> None:
        """Make the tables. It is called in a write transaction."""

    @abstractmethod
    def _tables(self, session: SqlSession) -> Rows:
        """Return the rows of the tables. Raises LedgerError for tables of another version."""

    def _changed(self, change: Callable[[Rows], T]) -> T:
        """Commit a change. Makes the tables if there are none.

        Raises LedgerUnavailableError if this user may only read the ledger.
        """
        if opens_read_only(self._path):
            raise read_only(self._path)

        def write(state: SqlState) -> tuple[T, bool]:
            if not self._has_tables(state.session):
                self._make_tables(state.session)
            return change(self._tables(state.session)), True

        with self._changing:  # the connection is for one thread
            try:
                return self._written(write)
            finally:
                self.close()

    def _asked(self, ask: Callable[[Rows], T], without: T) -> T:
        """Return what `ask` reads, or `without` if there are no tables."""
        with reading(self._path) as session:
            session.execute("BEGIN")
            return ask(self._tables(session)) if self._has_tables(session) else without
