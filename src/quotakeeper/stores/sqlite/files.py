"""The ledger's file and folder: made with their permissions, synced, and checked for damage."""

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

_MOST_PROBLEMS = 10_000  # SQLite gives up at 100 unless it is told
_ERROR_CODE = re.compile(r"error code[= ](\d+)")


def create_file(path: Path, group: int | None = None) -> None:
    """Make the folder (0700) and an empty file (0600) where there is none, whatever the umask.

    With `group`, the number of a Unix group, its members may use the ledger: see `file_sharing`.
    Only ever creates: opening and closing an existing database file would drop the locks that
    SQLite holds on it in this process. Raises LedgerUnavailableError.
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
            "choose a folder you may write to with QUOTAKEEPER_LEDGER",
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
    # The ledger last: whoever finds it finds what has to lie beside it.
    file_sharing.make_shared_folder(path.with_name(f"{path.name}-owners"), group)
    file_sharing.make_shared_file(path.with_name(f"{path.name}.lock"), group)
    file_sharing.make_shared_file(path, group)


def _cause(path: Path, error: OSError) -> str:
    why = denied(path) if isinstance(error, PermissionError) else ""
    return f" ({why})" if why else ""


def check_ours(path: Path) -> None:
    """Raise LedgerUnavailableError where the ledger, or a file beside it, is somebody else's."""
    for end in ("", "-wal", "-shm", ".lock", "-owners"):
        why = why_not_ours(path.with_name(path.name + end))
        if why:
            raise LedgerUnavailableError(
                str(path), f"{f'its file {path.name}{end}' if end else 'it'} {why}",
                "put the ledger in a folder of your own, or remove that file after looking at it",
            )  # fmt: skip


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
    """What SQLite itself finds wrong with a file; empty when all is well.

    Raises OSError where the disk does not answer: a page that could not be read is no damage.
    """
    damage: list[Problem] = []
    for check, problem in (
        (f"PRAGMA integrity_check ({_MOST_PROBLEMS})", "file: {}"),
        ("PRAGMA foreign_key_check", "table {}, row {}: refers to nothing"),
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
