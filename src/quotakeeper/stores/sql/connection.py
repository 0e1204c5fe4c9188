"""The interface to a database: a few connection methods, and the functions that each dialect
supplies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol

from quotakeeper.value_classes import dataclass

_MOST_KEYS = 1_024  # per query: with four values each, far below the limit of bound values
_KEY = re.compile(r"VALUES (\([^()]*\))")


class Rows(Protocol):
    """The rows that one query returned."""

    def fetchone(self) -> Any:
        """Return the next row; None after the last row."""

    def fetchmany(self, size: int, /) -> list[Any]:
        """Return at most `size` of the next rows."""

    def fetchall(self) -> list[Any]:
        """Return all remaining rows."""

    def __iter__(self) -> Iterator[Any]: ...


class SqlConnection(Protocol):
    """An open connection. The code of each database opens it, and begins and ends its transactions."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Rows:
        """Execute one statement, and return its rows."""

    def executemany(self, sql: str, parameters: Any, /) -> object:
        """Execute one statement for each row of values in `parameters`."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The parts that differ between databases.

    - `statements`: SQL statements by name.
    - `commit_number`: returns a number that changes when another connection commits.
    - `commit_query`: the query for this number; "" if `commit_number` needs more than a query.
    - `inserted_id`: returns the row number that an INSERT created.
    - `is_damage`: returns whether a database error means that the ledger is damaged.
    - `prefetch_from`: for a batch with at least this many commands, all needed rows are fetched at
      once. It is 1 for a database behind a network, where each query takes a round trip.
    - `place`: the placeholder of a bound value.
    """

    statements: Mapping[str, str]
    commit_number: Callable[[SqlConnection], int]
    inserted_id: Callable[[Rows], int]
    is_damage: Callable[[Exception], bool]
    prefetch_from: int = 1
    place: str = "?"
    commit_query: str = ""


class SqlSession:
    """An open connection together with its dialect."""

    __slots__ = ("commit_number", "commit_query", "dialect", "execute", "executemany", "sql")

    def __init__(self, connection: SqlConnection, dialect: Dialect) -> None:
        self.dialect = dialect
        self.sql = dialect.statements
        self.commit_query = dialect.commit_query
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.commit_number = partial(dialect.commit_number, connection)

    def insert(self, name: str, values: Sequence[object]) -> int:
        """Insert a row with a named statement, and return its row number."""
        return self.dialect.inserted_id(self.execute(self.sql[name], values))

    def rows_of(self, name: str, keys: Sequence[tuple[object, ...]]) -> list[Any]:
        """Return the rows of many keys.

        `name` is the name of a statement for one key, with `VALUES (?, ?)`. It is extended to up to
        1,024 keys in one query. The result may contain a row more than once.
        """
        found: list[Any] = []
        if not keys:
            return found
        for first in range(0, len(keys), _MOST_KEYS):
            some = keys[first : first + _MOST_KEYS]
            # The number of keys is a power of two, so that few statements are prepared. The last
            # key fills it up.
            size = 1 << (len(some) - 1).bit_length()
            values = [value for key in some for value in key]
            values += some[-1] * (size - len(some))
            found += self.execute(_for_keys(self.sql[name], size), values).fetchall()
        return found


@lru_cache(maxsize=256)
def _for_keys(text: str, count: int) -> str:
    return _KEY.sub(lambda key: "VALUES " + ", ".join([key[1]] * count), text, count=1)
