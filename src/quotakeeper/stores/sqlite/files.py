"""Creates the ledger's file and folder with their permissions, and checks the file for damage."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from contextlib import suppress
from pathlib import Path

from quotakeeper.domain.ports import Problem
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.file_safety import why_not_ours
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sqlite.dialect import SQLITE_ERRORS, is_damage
from quotakeeper.stores.sqlite.errors import denied

_MOST_PROBLEMS = 10_000  # without a number, SQLite stops at 100
_ERROR_CODE = re.compile(r"error code[= ](\d+)")


def create_file(path: Path, group: int | None = None) -> None:
    """Create the folder (0700) and an empty file (0600) if they are missing, whatever the umask.

    With `group`, a Unix group id, the group's members may use the ledger: see `file_sharing`. An
    existing file is not opened, because closing it would drop SQLite's locks in this process.
    Raises LedgerUnavailableError.
    """
    check_ours(path)
    try:
        if group is not None:
            _create_shared(path, group)
        elif not path.exists():
            _make_folder(path.parent)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        check_ours(path)
    except OSError as error:
        raise LedgerUnavailableError(
            str(path), f"cannot be created: {error.strerror or error}{_cause(path, error)}",
            "choose a folder that you can write to, with QUOTAKEEPER_LEDGER",
        ) from error  # fmt: skip


def _create_shared(path: Path, group: int) -> None:
    from quotakeeper import file_sharing  # noqa: PLC0415 - few ledgers are shared

    if not path.parent.exists():
        _make_folder(path.parent.parent)
        file_sharing.make_shared_folder(path.parent, group)
    file_sharing.check_folder(path, group)
    if path.exists():
        file_sharing.share(path, group)
        return
    # Create the ledger last, so that the files beside it exist when another process finds it.
    file_sharing.make_shared_folder(path.with_name(f"{path.name}-owners"), group)
    file_sharing.make_shared_file(path.with_name(f"{path.name}.lock"), group)
    file_sharing.make_shared_file(path, group)


def _cause(path: Path, error: OSError) -> str:
    why = denied(path) if isinstance(error, PermissionError) else ""
    return f" ({why})" if why else ""


def check_ours(path: Path) -> None:
    """Raise LedgerUnavailableError if another user may have made the ledger or a file beside it."""
    for end in ("", "-wal", "-shm", ".lock", "-owners"):
        why = why_not_ours(path.with_name(path.name + end))
        if why:
            raise LedgerUnavailableError(
                str(path), f"{f'its file {path.name}{end}' if end else 'it'} {why}",
                "put the ledger in a folder that belongs to you, or check that file and remove it",
            )  # fmt: skip


def _make_folder(folder: Path) -> None:
    # mkdir(parents=True) creates the folders in between with the umask's permissions.
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        _sync(missing.parent)


def _sync(folder: Path) -> None:
    # Sync the parent, so that a power cut does not lose the new folder with its contents. SQLite
    # syncs the names of files inside it. (Windows cannot sync folders.)
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def damage_in(session: SqlSession) -> list[Problem]:
    """Return the damage that SQLite itself finds in a file; empty if there is none.

    Raises OSError if the disk fails: an unreadable page does not mean that the file is damaged.
    """
    damage: list[Problem] = []
    for check, problem in (
        (f"PRAGMA integrity_check ({_MOST_PROBLEMS})", "file: {}"),
        ("PRAGMA foreign_key_check", "table {}, row {}: refers to a missing row"),
    ):
        try:
            for row in session.execute(check):
                if row[0] != "ok":
                    _raise_if_unread(str(row[0]))
                    damage.append(Problem(problem.format(*row)))
        except SQLITE_ERRORS as error:
            if not is_damage(error):
                raise
            damage.append(Problem(f"file: {error}"))
    return damage


def _raise_if_unread(text: str) -> None:
    found = _ERROR_CODE.search(text)
    if found and int(found[1]) & 0xFF == sqlite3.SQLITE_IOERR:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
