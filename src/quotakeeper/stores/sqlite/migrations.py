"""Schema versions: the version check, the migrations, and the copy that is made before a migration."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    LedgerVersionError,
)
from quotakeeper.file_safety import take_rights
from quotakeeper.stores.sql.account_usage import fill_account_usage
from quotakeeper.stores.sql.bucket_sums import fill_buckets
from quotakeeper.stores.sql.statements import read_sql
from quotakeeper.stores.sqlite.dialect import sqlite_session
from quotakeeper.stores.sqlite.files import create_file

APPLICATION_ID = 0x514B5052  # "QKPR" in the file's header identifies a quotakeeper ledger
SCHEMA_VERSION = 4
_SET_APPLICATION_ID = "PRAGMA application_id = 1363890258"
_SET_VERSION = {
    1: "PRAGMA user_version = 1", 2: "PRAGMA user_version = 2", 3: "PRAGMA user_version = 3",
    4: "PRAGMA user_version = 4",
}  # fmt: skip


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema version of a file; 0 for an empty file.

    Raises LedgerCorruptError for a database of another program, and LedgerVersionError for a schema
    that is newer than this package.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and (application or version or tables):
        raise LedgerCorruptError(
            str(path), "is a database of another program", "use another file for the ledger"
        )
    if version > SCHEMA_VERSION:
        raise LedgerVersionError(
            str(path),
            f"has schema version {version}; this quotakeeper supports versions up to "
            f"{SCHEMA_VERSION}",
            "upgrade quotakeeper: update the clone, and run there: pip install .",
        )
    return version


def not_yet(path: Path, version: int) -> LedgerError:
    """Return the error for a ledger that cannot be read because its schema is older."""
    if version == 0:  # the file exists but has no tables yet
        return LedgerUnavailableError(
            str(path), "there is no ledger yet", "make a first call: it creates the ledger"
        )
    return LedgerVersionError(
        str(path), f"has schema version {version}; this quotakeeper can only read version "
                   f"{SCHEMA_VERSION}",
        "open it once for writing: quotakeeper then upgrades it and keeps a copy",
    )  # fmt: skip


def bring_up_to_date(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Migrate a ledger from schema `version` to the newest, one transaction per version.

    A copy of the file is made before, except for a new ledger.
    """
    if 0 < version < SCHEMA_VERSION:
        _back_up(connection, path, version)
    for target in range(version + 1, SCHEMA_VERSION + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in schema(target):
                connection.execute(statement)
            if target == 2:
                session = sqlite_session(connection)
                fill_buckets(session)
                fill_account_usage(session)
            # A pragma takes no bound value; both are constants of this module.
            connection.execute(_SET_APPLICATION_ID)
            connection.execute(_SET_VERSION[target])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    _add_unversioned(connection)


def _add_unversioned(connection: sqlite3.Connection) -> None:
    """Create the tables and views of `additions.sql`, if they are missing.

    They do not change the schema version, so older versions of this package open the ledger too. On
    a full disk they stay missing: nothing that counts calls needs them.
    """
    query = "SELECT count(*) FROM sqlite_schema WHERE name = 'reservation_view'"
    if connection.execute(query).fetchone()[0]:
        return
    with suppress(sqlite3.OperationalError):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements_of("additions"):
            connection.execute(statement)
        connection.execute("COMMIT")
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def schema(version: int) -> list[str]:
    """Return the statements that migrate a ledger from schema `version - 1` to `version`."""
    return statements_of(f"schema_{version}")


def statements_of(name: str) -> list[str]:
    """Return the statements of the file `name` in the folder of schemas, one by one."""
    statements: list[str] = []
    pending = ""
    for line in read_sql("quotakeeper.stores.sqlite", f"schema/{name}").splitlines():
        if line.startswith("--"):
            continue
        pending += line + "\n"
        # A trigger contains semicolons; it ends with END;
        whole = line.endswith("END;") if "TRIGGER" in pending else line.endswith(";")
        if whole:
            statements.append(pending)
            pending = ""
    return statements


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    copy = path.with_name(f"{path.name}.schema-{version}.bak")
    create_file(copy)
    take_rights(copy, path)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
