"""The ledger's file and folder: made with their permissions, synced, and checked for damage."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from quotakeeper.domain.ports import Problem
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.sql.connection import SqlSession


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


def damage_in(session: SqlSession) -> list[Problem]:
    """What SQLite itself finds wrong with a file; empty when all is well."""
    checked = session.execute("PRAGMA integrity_check")
    damage = [Problem(f"file: {row[0]}") for row in checked if row[0] != "ok"]
    for row in session.execute("PRAGMA foreign_key_check"):
        damage.append(Problem(f"table {row[0]}, row {row[1]}: refers to nothing"))
    return damage
