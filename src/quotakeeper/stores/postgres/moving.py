"""Copies a ledger from another database to PostgreSQL, and compares the copy before the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice, zip_longest
from typing import Any

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import InvalidInputError, LedgerCorruptError
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.dialect import PostgresSession, texts
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import translated
from quotakeeper.stores.postgres.key_store import make_key_tables, schema_of_keys
from quotakeeper.stores.postgres.migrations import prepare
from quotakeeper.stores.sql.bucket_sums import Sums
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.copying import KEY_TABLES, SLOTS, TABLES, Table, rows_in
from quotakeeper.stores.sql.verify_reads import verify_rows

_AT_ONCE = 2_000
_NUMBERED = (
    "word",
    "labels",
    "account",
)  # later rows of these tables get their numbers from the server
_ALWAYS = 2**62
_END = object()


def take_over(
    source: SqlSession, address: ServerAddress, zones: ZoneFinder, has_keys: bool
) -> int:  # fmt: skip
    """Copy a ledger into an empty ledger on a server, in one transaction. Returns the number of
    entries.

    With `has_keys`, the virtual keys and their audit are copied too.

    Before the commit, every row is read back and compared, and the copy is verified. Raises
    InvalidInputError if the ledger on the server is not empty, and LedgerError.
    """
    try:
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            prepare(raw, address)
            with raw.transaction():
                entries = _copied(source, raw, address, zones)
                if has_keys:
                    _copy_keys(source, raw, address)
                return entries
    except (driver().Error, OSError) as error:
        raise translated(address, error) from error


def _copied(source: SqlSession, raw: Any, address: ServerAddress, zones: ZoneFinder) -> int:
    sql = texts()
    raw.execute(sql["set_path"], {"schema": address.schema})
    raw.execute(sql["lock_for_copy"])
    if raw.execute(sql["is_used"]).fetchone()[0]:
        raise InvalidInputError(
            "--ledger",
            f"{address.name} is not empty",
            "use a separate schema for the ledger: ?schema=NAME",
        )
    for table in TABLES:
        _insert(raw, table, rows_in(source, table))
    _insert_sums(raw, rows_in(source, SLOTS))
    for name in _NUMBERED:
        text = sql["number_on"].replace("TABLE", name)
        raw.execute(text)  # gate-ok(sql): the names are constants
    entries, seq, high_water = raw.execute(sql["journal_ends"]).fetchone()
    raw.execute(sql["set_head"], (seq, high_water))
    connection = PostgresConnection(raw)
    connection.may_read = True
    target = PostgresSession(connection)
    _compare(source, target, address)
    problems = verify_rows(target, zones, [])
    if problems:
        raise _differs(address, problems[0].what)
    return int(entries)


def _copy_keys(source: SqlSession, raw: Any, address: ServerAddress) -> None:
    make_key_tables(raw, address.schema)
    raw.execute(texts()["set_path"], {"schema": schema_of_keys(address.schema)})
    connection = PostgresConnection(raw)
    connection.may_read = True
    target = PostgresSession(connection)
    if any(True for table in KEY_TABLES for _ in rows_in(target, table)):
        raise InvalidInputError(
            "--ledger",
            f"{address.name} already has virtual keys",
            "use a separate schema for the ledger: ?schema=NAME",
        )
    for table in KEY_TABLES:
        _insert(raw, table, rows_in(source, table))
    _compare_tables(KEY_TABLES, source, target, address)


def _insert(raw: Any, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    places = ", ".join("%s::boolean" if each == "stands" else "%s" for each in table.columns)
    columns = ", ".join(table.columns)
    text = f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608 - constants
    if table.name == "mark":
        rows = ((*row[:-1], bool(row[-1])) for row in rows)
    with raw.cursor() as cursor:
        while some := list(islice(rows, _AT_ONCE)):
            cursor.executemany(text, some)  # gate-ok(sql): names are constants, values are bound


def _insert_sums(raw: Any, rows: Iterator[tuple[Any, ...]]) -> None:
    with raw.cursor() as cursor:
        while some := list(islice(rows, _AT_ONCE)):
            cursor.executemany(texts()["put_slot"], some)


def _compare_tables(
    tables: Sequence[Table], source: SqlSession, target: PostgresSession, address: ServerAddress
) -> None:
    for table in tables:
        for one, other in zip_longest(
            rows_in(source, table), rows_in(target, table), fillvalue=_END
        ):
            if one != other:
                raise _differs(address, f"a row of table {table.name} differs from the source")


def _compare(source: SqlSession, target: PostgresSession, address: ServerAddress) -> None:
    _compare_tables(TABLES, source, target, address)
    query = target.sql["slots_between"]
    theirs = iter(target.execute(query, (-_ALWAYS, _ALWAYS)).fetchall())
    for one, other in zip_longest(rows_in(source, SLOTS), theirs, fillvalue=_END):
        if one is _END or other is _END or _sums(one) != _sums(other):
            raise _differs(address, "the totals of a time slot differ from the source")


def _sums(row: Any) -> tuple[object, ...]:
    sums = Sums(*row[4:])
    return (*row[:4], sums.calls, sums.unpriced, dict(sums.quantities), sums.cost_pico)


def _differs(address: ServerAddress, what: str) -> LedgerCorruptError:
    return LedgerCorruptError(
        address.name, f"the copy differs from the source and was deleted: {what}",
        "run quotakeeper verify on the source, and report this",
    )  # fmt: skip
