"""Verifies a ledger in PostgreSQL in short snapshots, and stores how far it is verified."""

from __future__ import annotations

from contextlib import closing, suppress

from quotakeeper.domain.ports import Problem, Verification
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dialect import PostgresSession, texts
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.key_store import problems_of_keys
from quotakeeper.stores.postgres.lease_holders import LeaseHolders
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.verified_mark import VerifiedRows, keep_rows
from quotakeeper.stores.sql.verify_new import verify_further
from quotakeeper.stores.sql.verify_reads import verify_rows


class PostgresVerifying(LeaseHolders):
    """The part of the PostgreSQL store that verifies the ledger."""

    def verify(self) -> list[Problem]:
        """Compute all sums from the journal again. Returns the differences from the stored ones."""
        self._there()
        with self._reading() as session:
            found = verify_rows(session, self._zones, _problems_of_head(session))
            return found + self._problems_beside(session)

    def verify_new(self, *, whole: bool = False) -> Verification:
        """Verify what is new since the last run, or everything; see the Store port.

        A whole run is one long snapshot. While it lasts, the server cannot remove old rows.
        """
        self._there()
        return verify_further(
            self._reading, self._zones, self._keep_verified,
            find_damage=_problems_of_head, beside=self._problems_beside, whole=whole,
        )  # fmt: skip

    def _problems_beside(self, session: SqlSession) -> list[Problem]:
        # The keys are last, because their schema becomes the search path.
        return _problems_of_leases(session) + problems_of_keys(session, self._address.schema)

    def _keep_verified(self, rows: VerifiedRows) -> None:
        """Write a mark in a transaction of its own, which holds no writer up.

        A mark that cannot be written is left out: the next run then reads these entries again.
        """
        if not self._may_write:
            return
        sql, address = texts(), self._address
        with (
            suppress(driver().Error, OSError),
            closing(open_connection(address.parameters, prepares=False)) as raw,
            raw.transaction(),
        ):
            raw.execute(sql["set_path"], {"schema": address.schema})
            raw.execute(sql["lock_verified"])
            connection = PostgresConnection(raw)
            connection.may_read = connection.may_write = True
            keep_rows(PostgresSession(connection), rows)


def _problems_of_head(session: SqlSession) -> list[Problem]:
    rows = session.execute(session.sql["head_differs"]).fetchall()
    return [
        Problem(
            f"the head row has entry {seq} at {at}, but the journal ends with entry {newest} "
            f"at {then}"
        )
        for seq, at, newest, then in rows
    ]


def _problems_of_leases(session: SqlSession) -> list[Problem]:
    """Return the open reservations whose column `lease` differs from what their id says."""
    return [
        Problem(
            f"reservation {entry_id!r} (entry {seq}) is stored as a lease, but its id is no lease's"
            if is_lease
            else f"reservation {entry_id!r} (entry {seq}) is not stored as a lease, but its id is "
            "a lease's"
        )
        for seq, entry_id, is_lease in session.execute(session.sql["lease_differs"]).fetchall()
    ]
