"""Alerts in a ledger file. Each call opens the file and closes it, so that a fork is safe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from quotakeeper.domain.alerts.alert_store import AlertCursor
from quotakeeper.domain.alerts.delivery import Claimed, DeliveryRow, DeliveryState
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.identifiers import new_owner
from quotakeeper.native_threads import Lock
from quotakeeper.stores.sql.alert_rows import AlertRows, checked_alert_rows
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sql.statements import alert_statements
from quotakeeper.stores.sqlite.alert_tables import has_alerts, make_alert_tables
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.errors import read_only
from quotakeeper.stores.sqlite.read_only import opens_read_only
from quotakeeper.stores.sqlite.transactions import Transactions

T = TypeVar("T")


class SqliteAlerts(Transactions):
    """The alerts of one ledger file; see AlertStore. Any thread may use it."""

    def __init__(
        self, path: Path, zones: ZoneFinder, *, durability: str = "power", group: int | None = None
    ) -> None:  # fmt: skip
        super().__init__(path, zones, owner=new_owner(), durability=durability, group=group)
        self._changing = Lock()

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""
        return self._file_name

    def cursor(self) -> AlertCursor:
        """Return how far the journal was read. Makes the tables if there are none."""
        found = self._asked(lambda rows: rows.cursor(), None)
        return self._changed(lambda rows: rows.cursor()) if found is None else found

    def collect(
        self, before: AlertCursor, seq: int, alerts: Sequence[NewAlert], channels: Sequence[str],
        now: int,
    ) -> int | None:  # fmt: skip
        """Store new alerts, and how far the journal was read; see AlertStore."""

        def store(rows: AlertRows) -> int | None:
            if rows.cursor() != before:
                return None
            rows.put_meta("seq", str(seq))
            return rows.add(alerts, channels, now)

        return self._changed(store)

    def add(self, alerts: Sequence[NewAlert], channels: Sequence[str], now: int) -> int:
        """Store alerts that are not stored yet; see AlertStore."""
        return self._changed(lambda rows: rows.add(alerts, channels, now))

    def claim(self, channel: str, owner: str, now: int) -> list[Claimed]:
        """Claim what is due next on a channel; see AlertStore."""
        nothing: list[Claimed] = []
        if not self._asked(lambda rows: rows.due(channel, owner, now), nothing):
            return nothing
        return self._changed(lambda rows: rows.claim(channel, owner, now))

    def finish(
        self, claimed: Sequence[Claimed], state: DeliveryState, next_at: int, answer: str, now: int
    ) -> bool:
        """Store the outcome of an attempt; see AlertStore."""

        def store(rows: AlertRows) -> bool:
            stored = [rows.finish(each, state, next_at, answer, now) for each in claimed]
            return all(stored)

        return self._changed(store)

    def rows(self, since: int, most: int) -> list[DeliveryRow]:
        """Return the deliveries of alerts at or after `since`, the newest first."""
        return self._asked(lambda rows: rows.rows(since, most), [])

    def _changed(self, change: Callable[[AlertRows], T]) -> T:
        if opens_read_only(self._path):
            raise read_only(self._path)

        def write(state: SqlState) -> tuple[T, bool]:
            if not has_alerts(state.session):
                make_alert_tables(state.session)
            return change(self._tables(state.session)), True

        with self._changing:  # the connection is for one thread
            try:
                return self._written(write)
            finally:
                self.close()

    def _asked(self, ask: Callable[[AlertRows], T], without: T) -> T:
        with reading(self._path) as session:
            session.execute("BEGIN")
            return ask(self._tables(session)) if has_alerts(session) else without

    def _tables(self, session: SqlSession) -> AlertRows:
        return checked_alert_rows(session, alert_statements(), self._file_name)
