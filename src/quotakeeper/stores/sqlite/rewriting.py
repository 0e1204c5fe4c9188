"""Helpers to rewrite a ledger file: copy it, check that nobody else uses it, allow journal changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from quotakeeper.errors import InvalidInputError
from quotakeeper.file_safety import take_rights
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.files import create_file
from quotakeeper.stores.sqlite.fork_guard import for_a_moment
from quotakeeper.stores.sqlite.locks import ended_owners


def copy_to(path: Path, copy: Path) -> None:
    """Copy the committed contents of a ledger to the file `copy`, with the same group rights."""
    create_file(copy)
    take_rights(copy, path)
    with for_a_moment(connect_read_only, path) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def back_up(path: Path, copy: Path) -> None:
    """Copy a ledger like `copy_to`, but to a single file without WAL mode."""
    copy_to(path, copy)
    with closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA journal_mode = DELETE").fetchall()


@contextmanager
def rewritable(session: SqlSession) -> Iterator[None]:
    """Remove the triggers that keep the journal append-only. After the `with` block, they are
    restored.

    Use this in a transaction.
    """
    query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid"
    triggers = session.execute(query).fetchall()
    for name, _ in triggers:
        session.execute(f'DROP TRIGGER "{name}"')  # gate-ok(sql): a name cannot be bound
    yield
    for _, statement in triggers:
        session.execute(statement)


def check_alone(folder: Path, owner: str) -> None:
    """Raise InvalidInputError if another process, or another keeper in this process, uses the
    ledger.
    """
    try:
        names = frozenset(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        names = frozenset()
    others = sorted(names - ended_owners(folder) - {owner})
    if others:
        who = ", ".join(each.partition("-")[0] for each in others[:5])
        raise InvalidInputError(
            "ledger", f"is in use by {len(others)} other program{'s'[:len(others) > 1]} "
            f"(process {who})", "end every program that uses the ledger, then try again",
        )  # fmt: skip
