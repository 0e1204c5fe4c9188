"""The tables of virtual keys in a ledger file, as `verify` and `forget` use them.

A ledger without keys does not have these tables. The modules about keys are then not loaded.
"""

from __future__ import annotations

from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ports import Problem
from quotakeeper.stores.sql import forgetting
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.statements import key_statements
from quotakeeper.stores.sqlite.alert_tables import forget_in_alerts
from quotakeeper.stores.sqlite.migrations import statements_of
from quotakeeper.value_classes import replace

_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'virtual_key_meta'"


def has_keys(session: SqlSession) -> bool:
    """Return whether the ledger has the tables of virtual keys."""
    return session.execute(_EXISTS).fetchone() is not None


def make_key_tables(session: SqlSession) -> None:
    """Make the tables. Call this in a write transaction."""
    for statement in statements_of("keys_2"):
        session.execute(statement)


def key_damage(session: SqlSession) -> list[Problem]:
    """Return the problems that `verify` finds in the tables of virtual keys."""
    if not has_keys(session):
        return []
    from quotakeeper.stores.sql.key_rows import key_problems  # noqa: PLC0415 - few ledgers have keys

    return key_problems(session, key_statements())


def look_for_label(session: SqlSession, label: LabelValue) -> ForgottenLabel:
    """Return what replacing a label value would change, also in virtual keys. Changes nothing."""
    found = forgetting.look_for_label(session, label)
    if not has_keys(session):
        return found
    from quotakeeper.stores.sql.key_rows import KeyRows  # noqa: PLC0415 - as above

    keys = KeyRows(session, key_statements()).with_label(label)
    usable = tuple(key.name for key in keys if not key.is_revoked)
    return replace(found, keys=len(keys), usable_keys=usable)


def forget_label(session: SqlSession, label: LabelValue, instead: str) -> ForgottenLabel:
    """Replace a label value as `sql.forgetting` does, in virtual keys and their audit, and in
    alerts."""
    found = look_for_label(session, label)
    if found.keys:
        from quotakeeper.stores.sql.key_rows import KeyRows  # noqa: PLC0415 - as above

        KeyRows(session, key_statements()).forget(label, instead)
    forget_in_alerts(session, label, instead)
    done = forgetting.forget_label(session, label, instead)
    return replace(done, keys=found.keys, usable_keys=found.usable_keys)
