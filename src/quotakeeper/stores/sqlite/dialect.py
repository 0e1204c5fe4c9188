"""What SQLite does in its own way, where the SQL is shared with other databases."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from quotakeeper.stores.sql.connection import Dialect, SqlConnection, SqlSession
from quotakeeper.stores.sql.statements import statements

_PREFETCH_FROM = 16  # commands: below it, single look-ups in a local file are quicker


def sqlite_session(connection: sqlite3.Connection) -> SqlSession:
    """A connection that speaks SQLite's dialect."""
    return SqlSession(connection, _dialect())


@cache
def _dialect() -> Dialect:
    return Dialect(statements(), _commit_number, _inserted_id, _PREFETCH_FROM)


def _commit_number(connection: SqlConnection) -> int:
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


def _inserted_id(cursor: Any) -> int:
    return cursor.lastrowid or 0
