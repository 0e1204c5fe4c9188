"""A store that reads a ledger while no other program uses the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from quotakeeper.stores.sql.copying import CopySource
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sqlite.key_tables import has_keys
from quotakeeper.stores.sqlite.rewriting import check_alone
from quotakeeper.stores.sqlite.store import SqliteStore

T = TypeVar("T")


class SoleReader(SqliteStore):
    """A store that can prevent other programs from using the ledger while it reads."""

    def read_alone(self, read: Callable[[CopySource], T]) -> T:
        """Return the result of `read`, called under the lock for writers.

        Raises InvalidInputError if another program uses the ledger.
        """

        def look(state: SqlState) -> tuple[T, bool]:
            check_alone(self._owners, self._owner)
            session = state.session
            return read(CopySource(session, session if has_keys(session) else None)), False

        return self._written(look)
