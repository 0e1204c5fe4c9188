"""Alerts in a ledger file."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.domain.alerts.alert_store import AlertCursor
from quotakeeper.domain.alerts.delivery import Claimed, DeliveryRow, DeliveryState
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.stores.sql.alert_rows import AlertRows, checked_alert_rows
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.statements import alert_statements
from quotakeeper.stores.sqlite.alert_tables import has_alerts, make_alert_tables
from quotakeeper.stores.sqlite.side_tables import SideTables


class SqliteAlerts(SideTables[AlertRows]):
    """The alerts of one ledger file; see AlertStore."""

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

    def _has_tables(self, session: SqlSession) -> bool:
        return has_alerts(session)

    def _make_tables(self, session: SqlSession) -> None:
        make_alert_tables(session)

    def _tables(self, session: SqlSession) -> AlertRows:
        return checked_alert_rows(session, alert_statements(), self._file_name)
