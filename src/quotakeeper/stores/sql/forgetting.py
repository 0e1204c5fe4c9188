"""Replaces a label's value in every SQL row that contains the value.

This must run inside one write transaction, with the journal's triggers removed. No other process
may have the ledger open, because each process caches the numbers of labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.domain.ledger.forgetting import (
    ForgottenLabel,
    LabelValue,
    account_without,
    key_without,
    name_without,
    scope_without,
)
from quotakeeper.domain.limits import Account
from quotakeeper.stores.sql.codec import account_from
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import rows_of
from quotakeeper.stores.sql.interned import scope_from, scope_text
from quotakeeper.value_classes import replace


def look_for_label(session: SqlSession, label: LabelValue) -> ForgottenLabel:
    """Return what replacing a label value would change. Changes nothing."""
    sql, execute = session.sql, session.execute
    calls = open_calls = notes = last_at = 0
    for number, _ in _labels_with(session, label):
        ended, newest = execute(sql["calls_of_labels"], (number,)).fetchone()
        calls, last_at = calls + (ended or 0), max(last_at, newest or 0)
        open_calls += execute(sql["holds_of_labels"], (number,)).fetchone()[0]
        notes += execute(sql["notes_of_labels"], {"labels": number}).fetchone()[0]
    balances = sum(1 for _ in _accounts_with(session, label))
    return ForgottenLabel(calls, open_calls, balances, notes, last_at)


def forget_label(session: SqlSession, label: LabelValue, instead: str) -> ForgottenLabel:
    """Replace a label value in labels, accounts, crossings and notices.

    Also clears the notes of the calls with this value.
    """
    sql, execute = session.sql, session.execute
    found = look_for_label(session, label)
    for number, scope in list(_labels_with(session, label)):
        execute(sql["clear_notes"], {"labels": number})
        changed = scope_text(scope_without(scope, label, instead))
        execute(sql["change_labels"], (changed, number))
    for number, account in list(_accounts_with(session, label)):
        changed_account = account_without(account, label, instead)
        text = scope_text(changed_account.scope)
        execute(sql["change_account"], (changed_account.key, text, number))
    for table in ("crossing", "mark"):
        for (name,) in execute(sql[f"{table}_names"]).fetchall():
            other = name_without(name, label, instead)
            if other != name:
                execute(sql[f"rename_{table}"], (other, name))
    for seq, subject, account_key in execute(sql["notice_names"]).fetchall():
        changed_row = (
            name_without(subject, label, instead),
            key_without(account_key, label, instead),
        )
        if changed_row != (subject, account_key):
            execute(sql["rename_notice"], (*changed_row, seq))
    return replace(found, instead=instead)


def _labels_with(
    session: SqlSession, label: LabelValue
) -> Iterator[tuple[int, tuple[tuple[str, str], ...]]]:
    for number, text in session.execute(session.sql["scopes"]).fetchall():
        with rows_of(f"labels {number!a:.20}"):
            scope = scope_from(text)
        if label.pair in scope:
            yield number, scope


def _accounts_with(session: SqlSession, label: LabelValue) -> Iterator[tuple[int, Account]]:
    for row in session.execute(session.sql["accounts"], (0,)).fetchall():
        account = account_from(row[1:9])
        if label.pair in account.scope:
            yield row[0], account
