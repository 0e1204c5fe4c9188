"""Translates errors of the driver and of the server to ledger errors."""

from __future__ import annotations

from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerError,
    LedgerUnavailableError,
    OutcomeUnknownError,
)
from quotakeeper.stores.postgres.dialect import is_damage
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.sql.damage import DamagedRowError

_KEPT = "keep a backup; `quotakeeper verify` lists all damage; then restore a backup"
_TRY = "try again; check that the server runs and that this machine reaches it"
# The beginning of an SQLSTATE: what it means, and what to do. A longer beginning comes first.
_PROBLEMS = {
    "25006": ("is read-only: this server is a standby", "name the primary, or all of its hosts"),
    "25P03": ("took the lock back: this process stood still for 2 s", "try again"),
    "3D000": ("the server has no such database", "create it: createdb NAME"),
    "3F000": ("has no such schema", "create it, or name another: ?schema=NAME"),
    "40": ("another writer was in the way", "try again"),
    "42501": ("this user lacks a right on it", "ask the owner of the schema for it"),
    "53100": ("the disk of the server is full", "free some space; it goes on by itself then"),
    "53300": ("the server has no connection left", "try again; raise max_connections, or use a pooler"),
    "53": ("the server lacks something that it needs", "try again; look at the server's log"),
    "55P03": ("is held by another writer for too long", "try again; find out who holds it"),
    "57P03": ("the server is starting, stopping or recovering", "try again in some seconds"),
    "57": ("the server was told to stop", "try again in some seconds"),
    "28": ("the server does not know this user or password", "check the user and the password file"),
    "08": ("the connection is lost", _TRY),
}  # fmt: skip
# After these, it is not known whether a commit that was sent took place.
_UNKNOWN = ("", "08", "57")


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of an error (five characters); "" if it has none."""
    return getattr(error, "sqlstate", None) or ""


def is_lost(error: BaseException) -> bool:
    """Return whether an error means that the connection ended, not only that a statement failed."""
    psycopg = driver()
    if not isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, OSError)):
        return False
    if isinstance(error, psycopg.errors.PipelineAborted):
        return False
    return sqlstate(error)[:2] in _UNKNOWN


def translated(
    address: ServerAddress, error: BaseException, *, at_commit: bool = False
) -> LedgerError:
    """Return the ledger error for an error of the driver. Its message never contains the password.

    `at_commit` is True if the commit may have taken place.
    """
    if isinstance(error, DamagedRowError):
        return LedgerCorruptError(
            address.name, str(error), _KEPT, what=error.what, seq=error.seq, entry_id=error.entry_id
        )
    if at_commit:
        return OutcomeUnknownError(
            address.name, f"the connection was lost at a commit: {_said(address, error)}",
            "ask again by the same id",
        )  # fmt: skip
    if is_damage(error):
        return LedgerCorruptError(
            address.name, f"is damaged, or is no ledger ({_said(address, error)})", _KEPT
        )
    state = sqlstate(error)
    for length in (5, 2):
        if (found := _PROBLEMS.get(state[:length])) and state:
            problem, fix = found
            return LedgerUnavailableError(address.name, problem, fix)
    if not state:
        problem = f"cannot be reached: {_said(address, error)}"
        return LedgerUnavailableError(address.name, problem, _TRY)
    return LedgerUnavailableError(
        address.name, f"cannot be used: {_said(address, error)}", "look at the server's log"
    )


def _said(address: ServerAddress, error: BaseException) -> str:
    """Return the first line of the driver's message, without the password."""
    lines = str(error).strip().splitlines()
    return address.without_password(lines[0])[:200] if lines else type(error).__name__
