"""Opening a ledger file: permissions, WAL, the version gate both ways, and what errors mean."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    LedgerVersionError,
    OutcomeUnknownError,
)
from quotakeeper.stores.sql.account_usage import fill_paces
from quotakeeper.stores.sql.bucket_sums import fill_buckets
from quotakeeper.stores.sql.statements import schema
from quotakeeper.stores.sqlite.fork_guard import refuse_if_inherited
from quotakeeper.stores.sqlite.locks import HeldElsewhereError

APPLICATION_ID = 0x514B5052  # "QKPR", in the file's header: this file is ours
SCHEMA_VERSION = 3
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
SYNCHRONOUS = {"power": "PRAGMA synchronous = FULL", "process": "PRAGMA synchronous = NORMAL"}
# A power cut on macOS loses what only `fsync` was asked for; elsewhere this changes nothing.
_FULL_SYNC = ("PRAGMA fullfsync = ON", "PRAGMA checkpoint_fullfsync = ON")
_BUSY_SECONDS = 10.0


def create_file(path: Path) -> None:
    """Make the folder (0700) and an empty file (0600) where there is none, whatever the umask.

    Only ever creates: opening and closing an existing database file would drop the locks that
    SQLite holds on it in this process.
    """
    if path.exists():
        return
    try:
        _make_folder(path.parent)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise LedgerUnavailableError(
            str(path), f"cannot be created: {error.strerror or error}",
            "choose a folder you may write to with QUOTAKEEPER_LEDGER",
        ) from error  # fmt: skip
    os.close(fd)


def _make_folder(folder: Path) -> None:
    # mkdir(parents=True) would leave the folders between to the umask.
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        _sync(missing.parent)


def _sync(folder: Path) -> None:
    # The name of a new folder has to outlive a power cut too, or all that is synced below it is
    # gone with it. Names of files inside are synced by SQLite. (Windows syncs no folders.)
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def connect(path: Path, durability: str) -> sqlite3.Connection:
    """Open for writing, bring the schema up to date. The caller holds the file lock."""
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
        _gate(connection, path)
        connection.execute(SYNCHRONOUS[durability])
        for statement in _FULL_SYNC if durability == "power" else ():
            connection.execute(statement)
        # We checkpoint ourselves, under the file lock: before 3.51.3 a checkpoint that races a
        # commit from another connection can lose it (sqlite.org/wal.html, "WAL-reset bug").
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise translated(path, error) from error
    except LedgerError:
        if connection is not None:
            connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open for reading: never creates, never writes, never waits for the file lock."""
    refuse_if_inherited(path)
    if not path.exists():
        raise LedgerUnavailableError(str(path), "there is no ledger yet", "record something first")
    uri = path.absolute().as_uri() + "?mode=ro"
    if not os.access(path.parent, os.W_OK) and not _left_over(path):
        uri += "&immutable=1"  # WAL needs to write beside the file, unless nothing can change it
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        version = _check_version(connection, path)
        if version < SCHEMA_VERSION:
            raise _not_yet(path, version)
    except (sqlite3.Error, LedgerError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, LedgerError):
            raise
        raise translated(path, error) from error
    return connection


def _not_yet(path: Path, version: int) -> LedgerError:
    if version == 0:  # the file was made and the tables were not yet
        return LedgerUnavailableError(str(path), "there is no ledger yet", "record something first")
    return LedgerVersionError(
        str(path), f"has schema {version}, this quotakeeper reads {SCHEMA_VERSION}",
        "open it once for writing, which brings it up to date and keeps a copy",
    )  # fmt: skip


def _left_over(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _gate(connection: sqlite3.Connection, path: Path) -> None:
    version = _check_version(connection, path)
    # Fetch and compare: an unfetched cursor swallows an error of this PRAGMA.
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerUnavailableError(
            str(path), f"this file system does not do write-ahead logging (got {mode!r})",
            "put the ledger on a local disk",
        )  # fmt: skip
    if 0 < version < SCHEMA_VERSION:
        _back_up(connection, path, version)
    for target in range(version + 1, SCHEMA_VERSION + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in schema(target):
                connection.execute(statement)
            if target == 2:
                fill_buckets(connection)
                fill_paces(connection)
            # A pragma takes no bound value; both are integers of our own.
            connection.execute(_SET_APPLICATION_ID)
            connection.execute(_SET_VERSION[target])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


_SET_APPLICATION_ID = "PRAGMA application_id = 1363890258"
_SET_VERSION = {
    1: "PRAGMA user_version = 1", 2: "PRAGMA user_version = 2", 3: "PRAGMA user_version = 3",
}  # fmt: skip


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and (application or version or tables):
        raise LedgerCorruptError(
            str(path), "is a database of another program", "name another file for the ledger"
        )
    if version > SCHEMA_VERSION:
        raise LedgerVersionError(
            str(path),
            f"has schema {version}, this quotakeeper knows up to {SCHEMA_VERSION}",
            "upgrade quotakeeper: pip install -U quotakeeper",
        )
    return version


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    copy = path.with_name(f"{path.name}.schema-{version}.bak")
    create_file(copy)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


_NOTHING_WRITTEN = {
    "SQLITE_BUSY": ("is locked by another program", "close the program that holds it"),
    "SQLITE_LOCKED": ("is locked by another program", "close the program that holds it"),
    "SQLITE_FULL": ("the disk is full", "free some space; it goes on by itself then"),
    "SQLITE_READONLY": ("is read-only", "check the permissions of the file and its folder"),
    "SQLITE_CANTOPEN": ("cannot be opened", "check that its folder exists and may be written to"),
    "SQLITE_PERM": ("may not be opened", "check the permissions of the file and its folder"),
    "SQLITE_AUTH": ("may not be opened", "check the permissions of the file and its folder"),
    "SQLITE_NOMEM": ("there is not enough memory", "free some memory"),
}


# What SQLite says before it has begun to write a commit; anything else may come after.
_NOTHING_COMMITTED = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY")
_LOCKED = _NOTHING_WRITTEN["SQLITE_BUSY"]


def translated(path: Path, error: BaseException, *, at_commit: bool = False) -> LedgerError:
    """What an error of SQLite or of the disk means for the caller."""
    name = str(path)
    if isinstance(error, HeldElsewhereError):
        return LedgerUnavailableError(name, *_LOCKED)
    if isinstance(error, OSError) and not at_commit:
        problem = f"cannot be used: {error.strerror or error}"
        return LedgerUnavailableError(name, problem, "check its folder")
    code = getattr(error, "sqlite_errorname", "") or ""
    family = "_".join(code.split("_")[:2])
    if at_commit and family not in _NOTHING_COMMITTED:
        return OutcomeUnknownError(name, f"the commit failed: {error}", "ask again by the same id")
    if family in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return LedgerCorruptError(
            name, f"the file is damaged or is not a ledger ({error})",
            "it was left as it is: keep a copy, then restore a backup or name another file",
        )  # fmt: skip
    if family in _NOTHING_WRITTEN:
        problem, fix = _NOTHING_WRITTEN[family]
        return LedgerUnavailableError(name, problem, fix)
    return LedgerUnavailableError(name, f"cannot be used: {error}", "see: quotakeeper doctor")
