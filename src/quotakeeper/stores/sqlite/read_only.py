"""A store for a ledger that this user may read but not write."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain.clock_readings import ClockReading
from quotakeeper.domain.ledger.commands import Command, Outcomes, Sweep, Swept, Watch, Watched
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.identifiers import new_owner
from quotakeeper.stores.sql.clock_rows import reading_of
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.verified_mark import VerifiedRows
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.dialect import sqlite_session
from quotakeeper.stores.sqlite.errors import read_only
from quotakeeper.stores.sqlite.store import SqliteStore

T = TypeVar("T")


class ReadOnlyStore(SqliteStore):
    """A store that reads a ledger and refuses every write. It opens no file for writing."""

    def __init__(self, path: Path, zones: ZoneFinder) -> None:
        super().__init__(path, zones, owner=new_owner())

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Return outcomes for Watch and Sweep without doing anything, because no read depends on
        them.

        Raises LedgerUnavailableError for any other command.
        """
        for command in commands:
            if not isinstance(command, Watch | Sweep):
                raise read_only(self._path)
        return [Watched() if isinstance(x, Watch) else Swept() for x in commands]

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Raises LedgerUnavailableError: this store writes nothing."""
        raise read_only(self._path)

    def dead_owners(self) -> frozenset[str]:
        """Return an empty set: this store cannot end reservations of other processes."""
        return frozenset()

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return an empty set: this store cannot settle calls of other processes."""
        return frozenset()

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with this `frame`; if there is none, `reading`, which is not
        stored.

        Also returns the instant of the newest entry; see the Store port.
        """
        return self._read(
            lambda state: (reading_of(state.session, reading.frame) or reading, state.high_water)
        )

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """With `only_look`, return what moving the ledger back would do. Otherwise raise
        LedgerUnavailableError.
        """
        if not only_look:
            raise read_only(self._path)
        return super().set_back(to, by, why, only_look=True)

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """With `only_look`, return what the replacement would change. Otherwise raise
        LedgerUnavailableError.
        """
        if not only_look:
            raise read_only(self._path)
        return super().forget_label(label, instead, only_look=True)

    def _keep_verified(self, rows: VerifiedRows) -> None:
        """Does nothing: this store writes nothing."""

    def trust_reading(self, reading: ClockReading) -> None:
        """Does nothing: this store writes nothing."""

    def after_fork(self) -> SqliteStore:
        """Return a read-only store for a forked child."""
        super().after_fork()
        return ReadOnlyStore(self._path, self._zones)

    def close(self) -> None:
        """Close the connection. There is no file lock to release."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._state = None

    def _read(self, ask: Callable[[SqlState], T]) -> T:
        # One connection per read: an `immutable` connection must not stay open while another
        # process writes.
        try:
            return super()._read(ask)
        finally:
            self.close()

    def _opened(self) -> SqlState:
        if self._state is None:
            self._connection = connect_read_only(self._path)
            self._state = SqlState(sqlite_session(self._connection), self._zones)
        return self._state


def opens_read_only(path: Path) -> bool:
    """Return whether a ledger exists that this user can read but not write."""
    try:
        there = path.stat().st_size > 0
    except OSError:
        return False
    return there and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
