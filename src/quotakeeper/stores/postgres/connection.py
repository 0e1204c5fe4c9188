"""A connection for the shared SQL that needs few round trips.

Each statement costs a round trip to the server. So a transaction begins with one query of several
statements. This query also fetches what the state will read next (`ahead`). Writes wait until the
next read or the commit, and are then sent together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from quotakeeper.clocks import SystemClock
from quotakeeper.domain.windows import SECOND
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.stores.sql.connection import Rows

Statement = tuple[str, Any]  # text, parameters

_clock = SystemClock()  # for measuring waits


class Head(NamedTuple):
    """The head row at the start of a transaction. `now_at` is ledger time by the server's clock."""

    seq: int
    high_water: int
    version: int
    account_version: int
    recalls: int
    now_at: int


class NotAtHandError(Exception):
    """Rows would have to be fetched or written, but no transaction is open for this."""


class FetchedRows:
    """The rows of a query that was executed before the rows were requested."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        """Return the next row; None after the last row."""
        return next(self._rows, None)

    def fetchmany(self, size: int, /) -> list[Any]:
        """Return at most `size` of the next rows."""
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def fetchall(self) -> list[Any]:
        """Return all remaining rows."""
        return list(self._rows)

    def __iter__(self) -> Any:
        return self._rows


class PostgresConnection:
    """One connection, in one transaction at a time. Only one thread may use it at a time."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.own_commits = 0
        self.may_read = self.may_write = False
        self.head = Head(0, 0, 0, 0, 0, 0)
        self.waited_us = 0  # how long the query that began the transaction took, in microseconds
        self._ahead: dict[tuple[str, Sequence[object]], list[Any]] = {}
        self._waiting: list[tuple[str, Any, bool]] = []
        self._is_unconfirmed = False  # a commit was cancelled while it waited for its standby
        raw.add_notice_handler(self._heard)

    @property
    def commits_of_others(self) -> int:
        """A number that changes when another connection commits."""
        return self.head.version - self.own_commits

    # -- transactions

    @property
    def is_in_transaction(self) -> bool:
        """Whether the server has a transaction of this connection open."""
        status = self.raw.info.transaction_status
        return bool(status in (status.INTRANS, status.INERROR))

    def begin(
        self, before: Sequence[Statement], ahead: Sequence[Statement], *, may_write: bool
    ) -> None:
        """Begin a transaction and fetch rows that will be read next, in one round trip.

        The last statement of `before` must return the head row. `ahead` are the queries to fetch.
        All statements are sent as one query, not in a pipeline. After a pipeline, the server would
        not end a transaction that is idle for too long.
        """
        self._waiting.clear()
        began = _clock.monotonic()
        results = self._together([*before, *ahead])
        self.waited_us = round((_clock.monotonic() - began) * SECOND)
        self.may_read, self.may_write = True, may_write
        self.head = Head(*results[len(before) - 1][0])
        found = results[len(before) :]
        self._ahead = {
            (text, values): rows for (text, values), rows in zip(ahead, found, strict=True)
        }

    def _together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        results: list[list[Any]] = []
        with driver().ClientCursor(self.raw) as cursor:
            text = ";\n".join(cursor.mogrify(*statement) for statement in statements)
            cursor.execute(text)  # gate-ok(sql): texts of ours, their values bound by the driver
            while True:
                results.append(cursor.fetchall() if cursor.description else [])
                if not cursor.nextset():
                    return results

    def end(self, statement: str) -> None:
        """End the transaction with `statement`, a rollback. Writes that wait are dropped."""
        self._waiting.clear()
        self._ahead.clear()
        self.may_read = self.may_write = False
        self.raw.execute(statement)

    def commit(self, last: Sequence[Statement], statement: str) -> None:
        """Send all writes that wait, then `last`, then `statement`, which commits. One round trip."""
        self._waiting += [(text, values, False) for text, values in last]
        self._waiting.append((statement, None, False))
        self._flush()
        self._check_is_confirmed()
        self.may_read = self.may_write = False
        self.own_commits += 1

    def post(self, statement: str, values: Sequence[object]) -> Rows:
        """Execute one statement that is a transaction by itself, and return its rows."""
        rows: Rows = self.raw.execute(statement, values)
        self._check_is_confirmed()
        return rows

    def _heard(self, notice: Any) -> None:
        """Look for the warning after which a commit is on this server, but on no standby.

        The name of the function in the server is not translated.
        """
        self._is_unconfirmed |= notice.source_function == "SyncRepWaitForLSN"

    def _check_is_confirmed(self) -> None:
        """Raise the driver's OperationalError if a commit was cancelled while it waited for its
        standby.

        As after a lost connection, it is not known whether the commit survives a failover.
        """
        if self._is_unconfirmed:
            raise driver().OperationalError(
                "the commit was cancelled while it waited for a standby"
            )

    # -- statements

    def execute(self, sql: str, parameters: Any = (), /) -> Rows:
        """Send all writes that wait, then execute one statement. Returns the rows of the statement.

        Raises NotAtHandError outside a transaction.
        """
        if not self.may_read:
            raise NotAtHandError(sql)
        if self._ahead and isinstance(parameters, tuple):
            rows = self._ahead.pop((sql, parameters), None)
            if rows is not None:
                return FetchedRows(rows)
        if self._waiting:
            self._flush()
        if _takes_lists(sql) and not any(isinstance(each, list) for each in parameters):
            parameters = [[each] for each in parameters]
        rows_found: Rows = self.raw.execute(sql, parameters or None)
        return rows_found

    def executemany(self, sql: str, parameters: Any, /) -> None:
        """Execute one statement for each row of values. It waits until the next read or the commit."""
        rows = list(parameters)
        if not rows:
            return
        if _takes_lists(sql):
            columns = [list(column) for column in zip(*rows, strict=True)]
            self._waiting.append((sql, columns, False))
        else:
            self._waiting.append((sql, rows, True))

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        with self.raw.pipeline(), self.raw.cursor() as cursor:
            for sql, parameters, is_many in waiting:
                if is_many:
                    cursor.executemany(sql, parameters)
                else:
                    cursor.execute(sql, parameters)


def _takes_lists(sql: str) -> bool:
    return "unnest(" in sql or "[]" in sql
