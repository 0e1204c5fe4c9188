"""Verifies a ledger file, and stores how far it is verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from quotakeeper.domain.ports import Problem, Verification
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.verified_mark import VerifiedRows, keep_rows
from quotakeeper.stores.sql.verify_new import verify_further
from quotakeeper.stores.sql.verify_reads import verify_rows
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.files import damage_in
from quotakeeper.stores.sqlite.key_tables import key_damage
from quotakeeper.stores.sqlite.transactions import Transactions


class SqliteVerifying(Transactions):
    """The part of the SQLite store that verifies the ledger."""

    def verify(self) -> list[Problem]:
        """Check the file, compute all balances from the journal again, and return the differences."""
        self._there()
        with self._snapshot() as session:
            return verify_rows(session, self._zones, damage_in(session)) + key_damage(session)

    def verify_new(self, *, whole: bool = False) -> Verification:
        """Verify what is new since the last run, or everything; see the Store port.

        Only a whole run checks the pages of the file.
        """
        self._there()
        return verify_further(
            self._snapshot, self._zones, self._keep_verified,
            find_damage=damage_in, beside=key_damage, whole=whole,
        )  # fmt: skip

    def _keep_verified(self, rows: VerifiedRows) -> None:
        def keep(state: SqlState) -> tuple[None, bool]:
            keep_rows(state.session, rows)
            return None, True

        with suppress(LedgerUnavailableError):  # the next run then reads these entries again
            self._written(keep)

    @contextmanager
    def _snapshot(self) -> Iterator[SqlSession]:
        """Open a separate connection for reading. All its queries see the ledger at one time."""
        with reading(self._path) as session:
            session.execute("BEGIN")
            yield session
