"""Virtual keys in a ledger file."""

from __future__ import annotations

from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.domain.keys.key_store import ALL_ROWS, Decide
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.key_rows import KeyRows, checked_rows
from quotakeeper.stores.sql.statements import key_statements
from quotakeeper.stores.sqlite.key_tables import has_keys, make_key_tables
from quotakeeper.stores.sqlite.side_tables import SideTables


class SqliteKeys(SideTables[KeyRows]):
    """The virtual keys of one ledger file; see KeyStore."""

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
        return self._changed(lambda rows: rows.change(name, decide))

    def _has_tables(self, session: SqlSession) -> bool:
        return has_keys(session)

    def _make_tables(self, session: SqlSession) -> None:
        make_key_tables(session)

    def _tables(self, session: SqlSession) -> KeyRows:
        return checked_rows(session, key_statements(), self._file_name)
