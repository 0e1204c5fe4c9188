"""Connections to a ledger file: one for writing, and short ones for reading."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quotakeeper.errors import LedgerError, LedgerUnavailableError
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sqlite.dialect import SQLITE_ERRORS, sqlite_session
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.files import check_ours, create_file
from quotakeeper.stores.sqlite.fork_guard import for_a_moment, refuse_if_inherited
from quotakeeper.stores.sqlite.migrations import (
    SCHEMA_VERSION,
    bring_up_to_date,
    check_version,
    not_yet,
)

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
SYNCHRONOUS = {"power": "PRAGMA synchronous = FULL", "process": "PRAGMA synchronous = NORMAL"}
# On macOS, `fsync` alone does not survive a power cut. Elsewhere this changes nothing.
_FULL_SYNC = ("PRAGMA fullfsync = ON", "PRAGMA checkpoint_fullfsync = ON")
_BUSY_SECONDS = 10.0


def connect(path: Path, durability: str) -> sqlite3.Connection:
    """Open a ledger for writing and migrate its schema. The caller must hold the file lock.

    Raises LedgerUnavailableError, LedgerCorruptError or LedgerVersionError.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise LedgerUnavailableError(
            str(path), f"SQLite {sqlite3.sqlite_version} is too old",
            "use a Python with SQLite 3.37 or newer",
        )  # fmt: skip
    refuse_if_inherited(path)
    create_file(path)
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False,
            cached_statements=256,
        )  # fmt: skip
        version = check_version(connection, path)
        _use_wal(connection, path)
        bring_up_to_date(connection, path, version)
        connection.execute(SYNCHRONOUS[durability])
        for statement in _FULL_SYNC if durability == "power" else ():
            connection.execute(statement)
        # Checkpoints run under the file lock: before 3.51.3, a checkpoint that races a commit from
        # another connection can lose it (sqlite.org/wal.html, "WAL-reset bug").
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    except (*SQLITE_ERRORS, DamagedRowError) as error:
        if connection is not None:
            connection.close()
        raise translated(path, error) from error
    except LedgerError:
        if connection is not None:
            connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    # Fetch the result and compare it: SQLite reports an error of this PRAGMA only on fetch.
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerUnavailableError(
            str(path), "this file system does not support write-ahead logging (SQLite chose "
                       f"{mode!r})",
            "put the ledger on a local disk",
        )  # fmt: skip


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a ledger for reading, without creating or writing anything, and without the file lock.

    Raises LedgerUnavailableError, LedgerCorruptError or LedgerVersionError.
    """
    refuse_if_inherited(path)
    check_ours(path)
    if not path.exists():
        raise LedgerUnavailableError(
            str(path), "there is no ledger yet", "make a first call: it creates the ledger"
        )
    uri = path.absolute().as_uri() + "?mode=ro"
    if not os.access(path.parent, os.W_OK) and not _left_over(path):
        uri += (
            "&immutable=1"  # a WAL database needs files beside it, unless it is opened as immutable
        )
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        version = check_version(connection, path)
        if version < SCHEMA_VERSION:
            raise not_yet(path, version)
    except (*SQLITE_ERRORS, LedgerError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, LedgerError):
            raise
        raise translated(path, error) from error
    return connection


def _left_over(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


@contextmanager
def reading(path: Path) -> Iterator[SqlSession]:
    """Return a context manager with a connection for one read.

    A fork waits until the connection is closed.
    """
    with for_a_moment(connect_read_only, path) as connection:
        try:
            yield sqlite_session(connection)
        except (*SQLITE_ERRORS, OSError, DamagedRowError) as error:
            raise translated(path, error) from error
