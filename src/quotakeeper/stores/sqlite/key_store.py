"""Virtual keys in a ledger file. Each call opens the file and closes it, so that a fork is safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.domain.keys.key_store import ALL_ROWS, Decide
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.identifiers import new_owner
from quotakeeper.native_threads import Lock
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.key_rows import KeyRows, checked_rows
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.statements import key_statements
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.errors import read_only
from quotakeeper.stores.sqlite.key_tables import has_keys, make_key_tables
from quotakeeper.stores.sqlite.read_only import opens_read_only
from quotakeeper.stores.sqlite.transactions import Transactions

T = TypeVar("T")


class SqliteKeys(Transactions):
    """The virtual keys of one ledger file; see KeyStore. Any thread may use it."""

    def __init__(
        self, path: Path, zones: ZoneFinder, *, durability: str = "power", group: int | None = None
    ) -> None:  # fmt: skip
        super().__init__(path, zones, owner=new_owner(), durability=durability, group=group)
        self._changing = Lock()

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""
        return self._file_name

    def find(self, digest: bytes) -> VirtualKey | None:
        """Return the key that has a secret with this SHA-256; None if there is none."""
        return self._asked(lambda rows: rows.find(digest), None)

    def all_keys(self) -> list[VirtualKey]:
        """Return all keys, the oldest first."""
        return self._asked(lambda rows: rows.all_keys(), [])

    def audit(
        self, after: int = 0, most: int = ALL_ROWS, key_id: str = ""
    ) -> list[KeyAudit]:  # fmt: skip
        """Return rows of the audit, the oldest first; see KeyStore."""
        return self._asked(lambda rows: rows.audit(after, most, key_id), [])

    def change(self, name: str, decide: Decide) -> VirtualKey:
        """Commit what `decide` returns for the key `name`; see KeyStore.

        Raises LedgerUnavailableError if this user may only read the ledger.
        """
        if opens_read_only(self._path):
            raise read_only(self._path)

        def write(state: SqlState) -> tuple[VirtualKey, bool]:
            if not has_keys(state.session):
                make_key_tables(state.session)
            return self._tables(state.session).change(name, decide), True

        with self._changing:  # the connection is for one thread
            try:
                return self._written(write)
            finally:
                self.close()

    def _asked(self, ask: Callable[[KeyRows], T], without: T) -> T:
        with reading(self._path) as session:
            session.execute("BEGIN")
            return ask(self._tables(session)) if has_keys(session) else without

    def _tables(self, session: SqlSession) -> KeyRows:
        return checked_rows(session, key_statements(), self._file_name)
