"""The SQLite dialect: the parts of the shared SQL that differ from other databases."""

from __future__ import annotations

import sqlite3
from functools import cache, partial
from typing import Any

from quotakeeper.stores.sql.connection import Dialect, SqlConnection, SqlSession
from quotakeeper.stores.sql.statements import statements

_text = partial(str, encoding="utf-8", errors="surrogateescape")
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH")
# All statements belong to this package. A missing table, column or index means a damaged schema.
_SCHEMA_DAMAGE = ("no such table", "no such column", "no such index", "already exists", "malformed")
_COMMIT_QUERY = "PRAGMA data_version"
_PREFETCH_FROM = 16  # commands; for fewer, single look-ups in a local file are faster


def sqlite_session(connection: sqlite3.Connection) -> SqlSession:
    """Return a session for a connection to SQLite.

    Text that is not UTF-8 is read with surrogates, so that `verify` can name its row.
    """
    connection.text_factory = _text
    return SqlSession(connection, _dialect())


# The errors that a statement raises. Python raises UnicodeDecodeError if SQLite's message quotes
# damaged bytes of the schema.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


def is_damage(error: BaseException) -> bool:
    """Return whether an SQLite error means that the file is damaged or is not a ledger."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code = getattr(error, "sqlite_errorname", "") or ""
    if "_".join(code.split("_")[:2]) in _DAMAGE:
        return True
    return code == "SQLITE_ERROR" and any(text in str(error) for text in _SCHEMA_DAMAGE)


@cache
def _dialect() -> Dialect:
    return Dialect(
        statements(), _commit_number, _inserted_id, is_damage, _PREFETCH_FROM,
        commit_query=_COMMIT_QUERY,
    )  # fmt: skip


def _commit_number(connection: SqlConnection) -> int:
    version: int = connection.execute(_COMMIT_QUERY).fetchone()[0]
    return version


def _inserted_id(cursor: Any) -> int:
    return cursor.lastrowid or 0
