"""Copies a ledger from another database to a new file, and compares the copy before the file gets
its name.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import InvalidInputError, LedgerCorruptError
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.copying import (
    KEY_TABLES,
    TABLES,
    CopyDiffersError,
    CopySource,
    Table,
    bucket_rows,
    compare_copies,
    compare_tables,
    rows_in,
)
from quotakeeper.stores.sql.verify_reads import verify_rows
from quotakeeper.stores.sqlite.connection import connect
from quotakeeper.stores.sqlite.dialect import SQLITE_ERRORS, sqlite_session
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.files import damage_in
from quotakeeper.stores.sqlite.key_tables import key_damage, make_key_tables

_ENDINGS = ("", "-wal", "-shm", "-journal")


def take_over_to_file(source: CopySource, path: Path, zones: ZoneFinder) -> int:
    """Copy a ledger to the new file `path`. Returns the number of entries.

    Every row is read back and compared, and the copy is verified, before the file gets its name.
    Raises InvalidInputError if there is such a file, and LedgerError.
    """
    if path.exists():
        raise InvalidInputError("--ledger", f"{path} already exists", "name a new file")
    partial = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        _remove(partial)
        with closing(connect(partial, "power")) as connection:
            entries = _copied(source, connection, path, zones)
            connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchall()
        _give_name(partial, path)
    except FileExistsError as error:
        raise InvalidInputError("--ledger", f"{path} already exists", "name a new file") from error
    except (*SQLITE_ERRORS, OSError) as error:
        raise translated(path, error) from error
    finally:
        _remove(partial)
    return entries


def _copied(
    source: CopySource, connection: sqlite3.Connection, path: Path, zones: ZoneFinder
) -> int:
    session = sqlite_session(connection)
    session.execute("BEGIN IMMEDIATE")
    entries = 0
    for table in TABLES:
        copied = _insert(connection, table, source.session)
        entries = copied if table.name == "entry" else entries
    session.executemany(session.sql["put_slot"], bucket_rows(source.session))
    try:
        compare_copies(source.session, session)
        if source.keys is not None:
            make_key_tables(session)
            for table in KEY_TABLES:
                _insert(connection, table, source.keys)
            compare_tables(KEY_TABLES, source.keys, session)
    except CopyDiffersError as error:
        raise _differs(path, str(error)) from error
    problems = verify_rows(session, zones, damage_in(session)) + key_damage(session)
    if problems:
        raise _differs(path, problems[0].what)
    session.execute("COMMIT")
    return entries


def _insert(connection: sqlite3.Connection, table: Table, source: SqlSession) -> int:
    """Copy the rows of a table. Returns their number."""
    places = ", ".join("?" * len(table.columns))
    columns = ", ".join(table.columns)
    text = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608 - constants
    before = connection.total_changes
    connection.executemany(text, rows_in(source, table))  # gate-ok(sql): names are constants
    return connection.total_changes - before


def _give_name(partial: Path, path: Path) -> None:
    """Give the file its final name. Never replaces a file. Raises FileExistsError."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        os.rename(partial, path)


def _remove(partial: Path) -> None:
    for ending in _ENDINGS:
        with suppress(FileNotFoundError):
            partial.with_name(partial.name + ending).unlink()


def _differs(path: Path, what: str) -> LedgerCorruptError:
    return LedgerCorruptError(
        str(path), f"the copy differs from the source and was deleted: {what}",
        "run quotakeeper verify on the source, and report this",
    )  # fmt: skip
