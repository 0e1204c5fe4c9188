"""Translates errors of SQLite and of the disk to ledger errors."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    OutcomeUnknownError,
)
from quotakeeper.stores.sql.damage import DamagedRowError
from quotakeeper.stores.sqlite.dialect import is_damage
from quotakeeper.stores.sqlite.locks import HeldElsewhereError

_NOTHING_WRITTEN = {
    "SQLITE_BUSY": ("is locked by another program", "close the program that locks it"),
    "SQLITE_LOCKED": ("is locked by another program", "close the program that locks it"),
    "SQLITE_FULL": ("the disk is full", "free some space; quotakeeper then continues by itself"),
    "SQLITE_READONLY": ("is read-only", "check the permissions of the file and its folder"),
    "SQLITE_CANTOPEN": (
        "cannot be opened",
        "check that its folder exists and that you can write to it",
    ),
    "SQLITE_PERM": ("access was denied", "check the permissions of the file and its folder"),
    "SQLITE_AUTH": ("access was denied", "check the permissions of the file and its folder"),
    "SQLITE_IOERR": (
        "the ledger's disk does not answer (disk I/O error)",
        "try again; check the disk",
    ),
    "SQLITE_NOMEM": ("there is not enough memory", "free some memory"),
}


# SQLite reports these before it starts to write a commit. After any other error, the outcome of the
# commit is unknown.
_NOTHING_COMMITTED = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY")
_KEPT = (
    "the file was not changed: keep a copy; `quotakeeper verify` lists all damage; then restore "
    "a backup or use another file"
)
_NO_RIGHT = (
    'ask its owner to share it ([ledger] group = "..." in the config file), or use another '
    "ledger with QUOTAKEEPER_LEDGER"
)
_LOCKED = _NOTHING_WRITTEN["SQLITE_BUSY"]


def translated(path: Path, error: BaseException, *, at_commit: bool = False) -> LedgerError:
    """Return the ledger error for an error of SQLite or of the disk.

    `at_commit` is True if the error came from a commit.
    """
    name = str(path)
    if isinstance(error, DamagedRowError):
        return LedgerCorruptError(
            name, str(error), _KEPT, what=error.what, seq=error.seq, entry_id=error.entry_id
        )
    if isinstance(error, HeldElsewhereError):
        return LedgerUnavailableError(name, *_LOCKED)
    if isinstance(error, OSError) and not at_commit:
        problem = f"cannot be used: {error.strerror or error}"
        return _with_cause(path, problem, "check its folder")
    code = getattr(error, "sqlite_errorname", "") or ""
    family = "_".join(code.split("_")[:2])
    if at_commit and family not in _NOTHING_COMMITTED:
        return OutcomeUnknownError(
            name, f"the commit failed: {error}", "repeat it with the same id"
        )
    if is_damage(error):
        return LedgerCorruptError(name, f"the file is damaged or is not a ledger ({error})", _KEPT)
    if family in _NOTHING_WRITTEN:
        problem, fix = _NOTHING_WRITTEN[family]
        return _with_cause(path, problem, fix)
    return LedgerUnavailableError(name, f"cannot be used: {error}", "see: quotakeeper doctor")


def read_only(path: Path) -> LedgerUnavailableError:
    """Return the error for a write to a ledger that this user may only read."""
    return _with_cause(path, *_NOTHING_WRITTEN["SQLITE_READONLY"])


def _with_cause(path: Path, problem: str, fix: str) -> LedgerUnavailableError:
    why = denied(path)
    if not why:
        return LedgerUnavailableError(str(path), problem, fix)
    return LedgerUnavailableError(str(path), f"{problem}: {why}", _NO_RIGHT)


def denied(path: Path) -> str:
    """Return the permission that this user lacks, with the file or folder; "" if none is missing."""
    from quotakeeper.file_sharing import why_denied  # noqa: PLC0415 - only for an error

    try:
        return why_denied(path)
    except OSError:
        return ""
