"""A ledger that may only be looked at: its file or its folder is not ours to write to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain.clock_readings import ClockReading
from quotakeeper.domain.ledger.commands import Command, Outcomes, Sweep, Swept, Watch, Watched
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.identifiers import new_owner
from quotakeeper.stores.sql.clock_rows import reading_of
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.dialect import sqlite_session
from quotakeeper.stores.sqlite.errors import read_only
from quotakeeper.stores.sqlite.store import SqliteStore

T = TypeVar("T")


class ReadOnlyStore(SqliteStore):
    """Answers every question of a store and refuses every write; opens nothing for writing."""

    def __init__(self, path: Path, zones: ZoneFinder) -> None:
        super().__init__(path, zones, owner=new_owner())

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Keep no balances and sweep nothing, which changes no answer; refuse the rest."""
        for command in commands:
            if not isinstance(command, Watch | Sweep):
                raise read_only(self._path)
        return [Watched() if isinstance(x, Watch) else Swept() for x in commands]

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Refused: nothing is written here."""
        raise read_only(self._path)

    def dead_owners(self) -> frozenset[str]:
        """Nobody: there is nothing to be done about them from here."""
        return frozenset()

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """As little."""
        return frozenset()

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """As the Store port's, and nothing is kept."""
        return self._read(
            lambda state: (reading_of(state.session, reading.frame) or reading, state.high_water)
        )

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Only to be looked at."""
        if not only_look:
            raise read_only(self._path)
        return super().set_back(to, by, why, only_look=True)

    def trust_reading(self, reading: ClockReading) -> None:
        """Nothing is kept."""

    def after_fork(self) -> SqliteStore:
        """The child looks for itself."""
        super().after_fork()
        return ReadOnlyStore(self._path, self._zones)

    def close(self) -> None:
        """Let go of the connection, which never took a lock."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._state = None

    def _read(self, ask: Callable[[SqlState], T]) -> T:
        # A connection for each look: one that takes the file for unchanging must not be kept
        # while its owner goes on writing.
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
    """Whether a ledger is there that can be read but not written to."""
    try:
        there = path.stat().st_size > 0
    except OSError:
        return False
    return there and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
