"""Alerts and their deliveries as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quotakeeper.domain.alerts.alert_records import alert_from, alert_json
from quotakeeper.domain.alerts.alert_store import AlertCursor
from quotakeeper.domain.alerts.delivery import (
    CLAIMED_FOR,
    RETRIED_FOR,
    Claimed,
    DeliveryRow,
    DeliveryState,
)
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.domain.ledger.forgetting import LabelValue, name_without, scope_without
from quotakeeper.errors import LedgerVersionError
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import instant, rows_of, whole
from quotakeeper.value_classes import replace

ALERT_SCHEMA = 1
# An alert of a yearly limit is told once a year, so its id is kept longer than that.
_KEPT_FOR = 400 * RETRIED_FOR


def checked_alert_rows(session: SqlSession, sql: Mapping[str, str], ledger: str) -> AlertRows:
    """Return the tables of alerts, which must exist.

    Raises LedgerVersionError if a newer version made them.
    """
    rows = AlertRows(session, sql)
    with rows_of("the version of the tables of alerts"):
        version = int(rows.meta("schema"))
    if version > ALERT_SCHEMA:
        raise LedgerVersionError(
            ledger,
            f"has alerts of schema version {version}; this quotakeeper supports versions up to "
            f"{ALERT_SCHEMA}",
            "upgrade quotakeeper: update the clone, and run there: pip install .",
        )
    return rows


class AlertRows:
    """The tables of alerts in one transaction. `sql` has the statements for the database."""

    def __init__(self, session: SqlSession, sql: Mapping[str, str]) -> None:
        self._execute = session.execute
        self._sql = sql

    def meta(self, key: str) -> str:
        """Return a value of alert_meta; "" if there is none."""
        row = self._execute(self._sql["alert_meta"], (key,)).fetchone()
        return "" if row is None else str(row[0])

    def put_meta(self, key: str, value: str) -> None:
        """Set a value of alert_meta."""
        self._execute(self._sql["put_alert_meta"], (key, value))

    def cursor(self) -> AlertCursor:
        """Return how far the journal was read. Raises DamagedRowError."""
        with rows_of("the position of alerts in the journal"):
            seq = self.meta("seq")
            return AlertCursor(self.meta("ledger"), whole(int(seq)) if seq else None)

    def add(self, alerts: Sequence[NewAlert], channels: Sequence[str], now: int) -> int:
        """Store alerts whose id is not stored yet, and return how many there were."""
        new = 0
        for each in alerts:
            alert = each.alert
            if self._execute(self._sql["has_alert"], (alert.id,)).fetchone() is not None:
                continue
            new += 1
            self._execute(self._sql["add_alert"], (alert.id, alert.at, now, alert_json(alert)))
            for channel in channels:
                self._execute(self._sql["add_delivery"], (
                    alert.id, channel, each.digest_at or now, each.digest_at,
                ))  # fmt: skip
        if new:
            self._execute(self._sql["old_deliveries"], (now - _KEPT_FOR,))
            self._execute(self._sql["old_alerts"], (now - _KEPT_FOR,))
        return new

    def due(self, channel: str, owner: str, now: int) -> list[Claimed]:
        """Return what is due next on a channel: one alert, or all alerts of one digest."""
        # A clock that was set back leaves instants far ahead: they count as due. But the process that
        # has the claim may have read its clock later than this one, which has waited for the lock.
        latest = (now, now + 2 * RETRIED_FOR, now, now + 2 * CLAIMED_FOR)
        row = self._execute(self._sql["due_delivery"], (channel, *latest)).fetchone()
        if row is None:
            return []
        rows = [row]
        if row[3]:
            # Another process may be sending a part: an alert that came late is not in its message.
            key = channel, row[3], *latest[2:]
            rows = self._execute(self._sql["digest_deliveries"], key).fetchall()
        return [_claimed(each, channel, owner) for each in rows]

    def claim(self, channel: str, owner: str, now: int) -> list[Claimed]:
        """Claim what is due next on a channel."""
        found = self.due(channel, owner, now)
        for each in found:
            until = now + CLAIMED_FOR
            self._execute(self._sql["claim_delivery"], (owner, until, each.alert.id, channel))
        return found

    def finish(
        self, claimed: Claimed, state: DeliveryState, next_at: int, answer: str, now: int
    ) -> bool:
        """Store the outcome of an attempt; see AlertStore."""
        key = claimed.alert.id, claimed.channel
        row = self._execute(self._sql["claim_of"], key).fetchone()
        if row is None or row[0] != claimed.owner or row[1] != DeliveryState.WAITING:
            return False
        is_waiting = state is DeliveryState.WAITING
        ended_at = None if is_waiting else now
        self._execute(self._sql["finish_delivery"], (str(state), next_at, answer, ended_at, *key))
        if is_waiting:
            self._execute(self._sql["postpone_channel"], (next_at, claimed.channel, next_at))
        return True

    def rows(self, since: int, most: int) -> list[DeliveryRow]:
        """Return the deliveries of alerts at or after `since`, the newest first."""
        found = []
        for row in self._execute(self._sql["deliveries"], (since, most)).fetchall():
            with rows_of("the delivery of an alert"):
                found.append(
                    DeliveryRow(alert_from(row[0]), str(row[1]), DeliveryState(row[2]),
                                whole(row[3]), instant(row[4]), str(row[5]),
                                None if row[6] is None else instant(row[6]))
                )  # fmt: skip
        return found

    def forget(self, label: LabelValue, instead: str) -> None:
        """Replace a label value in all alerts. Their ids stay."""
        for alert_id, document in self._execute(self._sql["all_alerts"], ()).fetchall():
            with rows_of(f"alert {alert_id!a:.80}"):
                alert = alert_from(document)
            changed = replace(
                alert, limit=name_without(alert.limit, label, instead),
                scope=scope_without(alert.scope, label, instead),
            )  # fmt: skip
            if changed != alert:
                self._execute(self._sql["put_document"], (alert_json(changed), alert_id))


def _claimed(row: Sequence[Any], channel: str, owner: str) -> Claimed:
    with rows_of(f"alert {row[0]!a:.80}"):
        made_at, digest_at = instant(row[2]), instant(row[3])
        return Claimed(
            alert_from(row[4]), channel, owner, whole(row[1]), digest_at or made_at, digest_at
        )
