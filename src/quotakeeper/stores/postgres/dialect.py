"""The PostgreSQL dialect: the parts of the shared SQL that differ from other databases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from quotakeeper.stores.postgres.connection import NotAtHandError, PostgresConnection
from quotakeeper.stores.sql.connection import Dialect, Rows, SqlSession
from quotakeeper.stores.sql.statements import statements

# The version of the functions in the server that this program calls. The schema's step of the same
# change makes them; see migrations.py.
FUNCTIONS_VERSION = 2
_PLACEHOLDER = re.compile(r"\?|(?<!:):([a-z_]+)")
# Data or an index is damaged; a row breaks a rule of its table; a table or column is not there.
_DAMAGE = ("XX", "23")
_SCHEMA_DAMAGE = ("42P01", "42703", "42883")


class PostgresSession(SqlSession):
    """An open connection for the shared SQL. Many keys are passed as lists."""

    __slots__ = ("connection",)

    def __init__(self, connection: PostgresConnection) -> None:
        super().__init__(connection, _dialect())
        self.connection = connection

    def insert(self, name: str, values: Sequence[object]) -> int:
        """Insert a row with a named statement, and return its row number.

        Raises NotAtHandError outside a write transaction.
        """
        if not self.connection.may_write:
            raise NotAtHandError(name)
        return super().insert(name, values)

    def rows_of(self, name: str, keys: Sequence[tuple[object, ...]]) -> list[Any]:
        """Return the rows of many keys, with a named statement that takes one list per column."""
        if not keys:
            return []
        columns = [list(column) for column in zip(*keys, strict=True)]
        return self.execute(self.sql[name], columns).fetchall()


@cache
def texts() -> Mapping[str, str]:
    """Return all statements by name, with the placeholders of the driver.

    They call the functions of FUNCTIONS_VERSION.
    """
    found = for_driver(statements("quotakeeper.stores.postgres"))
    return {name: text.replace("_vN(", f"_v{FUNCTIONS_VERSION}(") for name, text in found.items()}


def for_driver(found: Mapping[str, str]) -> dict[str, str]:
    """Return statements with the placeholders of the driver."""
    return {name: _PLACEHOLDER.sub(_placeholder, text) for name, text in found.items()}


def _placeholder(found: re.Match[str]) -> str:
    return f"%({found[1]})s" if found[1] else "%s"


def is_damage(error: BaseException) -> bool:
    """Return whether an error of the driver means that the ledger is damaged."""
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in _DAMAGE or state in _SCHEMA_DAMAGE


def misses_function(error: BaseException) -> bool:
    """Return whether an error of the driver means that a function in the server is gone.

    The second form comes from a call that began before the function was dropped.
    """
    state = getattr(error, "sqlstate", None) or ""
    return state == "42883" or (state == "XX000" and "lookup failed for function" in str(error))


@cache
def _dialect() -> Dialect:
    return Dialect(texts(), _commit_number, _inserted_id, is_damage, place="%s")


def _commit_number(connection: Any) -> int:
    number: int = connection.commits_of_others
    return number


def _inserted_id(rows: Rows) -> int:
    return int(rows.fetchone()[0])
