"""The tables of alerts in a ledger file. A ledger without alerts does not have them."""

from __future__ import annotations

from quotakeeper.domain.ledger.forgetting import LabelValue
from quotakeeper.identifiers import random_bytes
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.statements import alert_statements
from quotakeeper.stores.sqlite.migrations import statements_of

_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'alert_meta'"


def has_alerts(session: SqlSession) -> bool:
    """Return whether the ledger has the tables of alerts."""
    return session.execute(_EXISTS).fetchone() is not None


def make_alert_tables(session: SqlSession) -> None:
    """Make the tables. Call this in a write transaction."""
    for statement in statements_of("alerts_1"):
        session.execute(statement)
    session.execute(alert_statements()["put_alert_meta"], ("ledger", random_bytes(8).hex()))


def forget_in_alerts(session: SqlSession, label: LabelValue, instead: str) -> None:
    """Replace a label value in all alerts, if there are any. Call this in a write transaction."""
    if has_alerts(session):
        from quotakeeper.stores.sql.alert_rows import AlertRows  # noqa: PLC0415 - few ledgers do

        AlertRows(session, alert_statements()).forget(label, instead)
