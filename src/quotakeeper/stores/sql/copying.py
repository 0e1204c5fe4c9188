"""Copies a ledger from one database to another: its tables, their rows in order, and the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

from quotakeeper.stores.sql.bucket_sums import Sums
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.value_classes import dataclass

_PAGE = 2_000
_ALWAYS = 2**62
_END = object()


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has the same columns in every database. The first `ordered_by` columns are its
    key.
    """

    name: str
    columns: tuple[str, ...]
    ordered_by: int

    def query(self, place: str, *, is_first: bool) -> str:
        """Return the SQL for a page of rows in the order of the key.

        Except for the first page, it takes the key of the last row before. `place` is the
        placeholder of the database.
        """
        key = ", ".join(self.columns[: self.ordered_by])
        places = ", ".join([place] * self.ordered_by)
        after = "" if is_first else f"WHERE ({key}) > ({places}) "
        return (
            f"SELECT {', '.join(self.columns)} FROM {self.name} {after}"  # noqa: S608 - constants
            f"ORDER BY {key} LIMIT {_PAGE}"
        )


_SLOT = ("slot_at", "labels_id", "provenance", "outcome", "calls", "unpriced")
# Clock readings are not copied, because they are of one machine. The sums by slot are not a table
# here, because each database stores them in its own way.
TABLES = (
    Table("word", ("word_id", "text"), 1),
    Table("labels", ("labels_id", "provider", "model", "operation", "scope"), 1),
    Table(
        "account",
        ("account_id", "key", "meter", '"window"', "timezone", "provider", "model", "operation",
         "scope", "per", "since_at"),
        1,
    ),
    Table(
        "entry",
        ("seq", "kind", "at", "ref", "id", "labels_id", "quantities", "cost_pico", "price_id",
         "provenance", "outcome", "served_id", "duration_ms", "note", "owner_id", "expires_at",
         "booked_at"),
        1,
    ),
    Table("balance", ("account_id", "start_at", "settled", "reserved", "overage"), 2),
    Table("pace", ("account_id", "slot_at", "used"), 2),
    Table("carried_slot", (*_SLOT, "totals"), 4),
    Table("carried_balance", ("account_id", "start_at", "settled", "overage"), 2),
    Table(
        "crossing",
        ("seq", "account_id", "name", "amount", "level", "start_at", "turn", "used"),
        1,
    ),
    Table("mark", ("account_id", "name", "amount", "level", "start_at", "turn", "stands"), 4),
    Table(
        "notice",
        ("seq", "subject", "why", "by", "until_at", "account", "amount", "used", "about"),
        1,
    ),
    Table(
        "quota_seen",
        ("provider", "model", "quota_id", "meter", '"window"', "amount", "remaining", "resets_at",
         "source", "seen_at"),
        3,
    ),
)  # fmt: skip

# A ledger without virtual keys does not have these tables.
KEY_TABLES = (
    Table(
        "virtual_key",
        ("key_id", "name", "project", "labels", "state", "expires_at", "providers", "models",
         "networks", "concurrency", "on_gone", "on_limit", "made_at", "version", "limits"),
        1,
    ),
    Table(
        "virtual_key_secret",
        ("digest", "key_id", "number", "last_four", "made_at", "ends_at"),
        1,
    ),
    Table(
        "virtual_key_audit",
        ("seq", "key_id", "act", "actor", "at", "why", "before_json", "after_json"),
        1,
    ),
)  # fmt: skip


class CopySource(NamedTuple):
    """A ledger to copy: a session that reads it, and one that reads its virtual keys; None without
    keys.
    """

    session: SqlSession
    keys: SqlSession | None


class CopyDiffersError(Exception):
    """A copy differs from its source. The text says where."""


def rows_in(session: SqlSession, table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table in the order of its key."""
    place = session.dialect.place
    page = session.execute(table.query(place, is_first=True)).fetchall()
    while page:
        yield from map(tuple, page)
        key = tuple(page[-1][: table.ordered_by])
        page = session.execute(table.query(place, is_first=False), key).fetchall()


def bucket_rows(session: SqlSession) -> Iterator[tuple[Any, ...]]:
    """Yield the sums by slot, in order. The last column has the totals in one text for all databases."""
    since = -_ALWAYS
    while True:
        found = session.execute(session.sql["slots_between"], (since, _ALWAYS)).fetchmany(_PAGE)
        rows = [row for row in found if len(found) < _PAGE or row[0] != found[-1][0]]
        if len(found) == _PAGE and not rows:  # one slot has more rows than a page
            last = (found[0][0], found[0][0] + 1)
            rows = session.execute(session.sql["slots_between"], last).fetchall()
        for *key, calls, unpriced, totals in rows:
            yield *key, calls, unpriced, Sums(calls, unpriced, totals).totals
        if len(found) < _PAGE:
            return
        since = rows[-1][0] + 1


def compare_copies(source: SqlSession, copy: SqlSession) -> None:
    """Compare every row of a copy with its source. Raises CopyDiffersError."""
    compare_tables(TABLES, source, copy)
    for one, other in zip_longest(bucket_rows(source), bucket_rows(copy), fillvalue=_END):
        if one != other:
            raise CopyDiffersError("the totals of a time slot differ from the source")


def compare_tables(tables: Iterable[Table], source: SqlSession, copy: SqlSession) -> None:
    """Compare every row of these tables with the source. Raises CopyDiffersError."""
    for table in tables:
        for one, other in zip_longest(rows_in(source, table), rows_in(copy, table), fillvalue=_END):
            if one != other:
                raise CopyDiffersError(f"a row of table {table.name} differs from the source")
