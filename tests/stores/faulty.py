"""A SQLite connection whose statements fail on demand, before or after SQLite runs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

CODES = {
    "SQLITE_FULL": "database or disk is full",
    "SQLITE_IOERR_FSYNC": "disk I/O error",
    "SQLITE_IOERR_WRITE": "disk I/O error",
    "SQLITE_BUSY": "database is locked",
    "SQLITE_READONLY": "attempt to write a readonly database",
    "SQLITE_NOMEM": "out of memory",
    "SQLITE_CANTOPEN": "unable to open database file",
}


class Faults:
    """Makes one statement fail, counted from now on. With `after`, SQLite runs the statement first."""

    def __init__(self) -> None:
        self.left = -1
        self.code, self.after, self.wanted = "SQLITE_FULL", False, ""
        self.struck = ""

    def at(self, number: int, code: str, *, after: bool = False, wanted: str = "") -> None:
        self.left, self.code, self.after, self.wanted = number, code, after, wanted
        self.struck = ""

    def due(self, statement: str) -> bool:
        if self.wanted and not statement.startswith(self.wanted):
            return False
        self.left -= 1
        if self.left != -1:
            return False
        self.struck = statement
        return True

    def error(self) -> sqlite3.OperationalError:
        error = sqlite3.OperationalError(CODES[self.code])
        error.sqlite_errorname = self.code
        return error


def faulty_connect(faults: Faults) -> Callable[..., sqlite3.Connection]:
    """Like `sqlite3.connect`, but every connection has these faults."""

    class Faulty(sqlite3.Connection):
        def _tried(self, how: Any, statement: str, *values: Any) -> Any:
            due = faults.due(statement)
            if due and not faults.after:
                raise faults.error()
            done = how(statement, *values)
            if due:
                done.close()  # a traceback would keep the failed statement alive
                raise faults.error()
            return done

        def execute(self, statement: str, *values: Any) -> Any:
            return self._tried(super().execute, statement, *values)

        def executemany(self, statement: str, *values: Any) -> Any:
            return self._tried(super().executemany, statement, *values)

    real = sqlite3.connect
    return lambda *given, **named: real(*given, **(named | {"factory": Faulty}))
