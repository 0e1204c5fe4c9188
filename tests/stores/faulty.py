"""A SQLite whose statements fail on demand: before they are carried out, or after."""

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
    """Fails one statement, counted from now on; `after` lets it be carried out all the same."""

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
    """`sqlite3.connect`, with these faults in every connection it gives."""

    class Faulty(sqlite3.Connection):
        def _tried(self, how: Any, statement: str, *values: Any) -> Any:
            due = faults.due(statement)
            if due and not faults.after:
                raise faults.error()
            done = how(statement, *values)
            if due:
                done.close()  # a statement that failed is over; a traceback would keep this one
                raise faults.error()
            return done

        def execute(self, statement: str, *values: Any) -> Any:
            return self._tried(super().execute, statement, *values)

        def executemany(self, statement: str, *values: Any) -> Any:
            return self._tried(super().executemany, statement, *values)

    real = sqlite3.connect
    return lambda *given, **named: real(*given, **(named | {"factory": Faulty}))
