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
_TRY = "try again; check that the server runs and that this machine can connect to it"
# The beginning of an SQLSTATE: what it means, and what to do. A longer beginning comes first.
_PROBLEMS = {
    "25006": (
        "is read-only: this server is a standby",
        "use the host of the primary in the URL, or all hosts of the cluster",
    ),
    "25P03": (
        "the server released the lock, because this process did not answer for 2 s",
        "try again",
    ),
    "3D000": ("the server has no database with this name", "create it: createdb NAME"),
    "3F000": ("has no schema with this name", "create it, or use another: ?schema=NAME"),
    "40": ("another process wrote at the same time", "try again"),
    "42501": ("this user has no right to use it", "ask the owner of the schema to grant the right"),
    "53100": (
        "the disk of the server is full",
        "free some space; quotakeeper then continues by itself",
    ),
    "53300": (
        "the server has no free connection",
        "try again; raise max_connections, or use a pooler",
    ),
    "53": (
        "the server has too few resources (memory, locks or disk)",
        "try again; look at the server's log",
    ),
    "55P03": (
        "another writer has it locked for too long",
        "try again; look for the session that holds the lock",
    ),
    "57P03": ("the server is starting, stopping or recovering", "try again in some seconds"),
    "57": ("the server is shutting down", "try again in some seconds"),
    "28": ("the server rejects this user or password", "check the user and the password file"),
    "08": ("the connection was lost", _TRY),
}
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


def is_read_only(error: BaseException) -> bool:
    """Return whether a server was reached that takes no writes, and the URL demands one that does.

    libpq has no code for this, only these texts.
    """
    texts = ("session is read-only", "server is in hot standby mode")
    return not sqlstate(error) and any(text in str(error) for text in texts)


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
            address.name, f"the connection was lost during a commit: {_said(address, error)}",
            "repeat the command with the same id",
        )  # fmt: skip
    if is_damage(error):
        return LedgerCorruptError(
            address.name, f"is damaged, or is not a ledger ({_said(address, error)})", _KEPT
        )
    state = sqlstate(error)
    if (raised := _raised(address, state, error)) is not None:
        return raised
    for length in (5, 2):
        if (found := _PROBLEMS.get(state[:length])) and state:
            problem, fix = found
            return LedgerUnavailableError(address.name, problem, fix)
    if is_read_only(error):
        return LedgerUnavailableError(
            address.name, "the server takes no writes: it is a standby, or it is set to read-only",
            "use the host of the primary in the URL, or all hosts of the cluster",
        )  # fmt: skip
    if not state:
        problem = f"cannot be reached: {_said(address, error)}"
        return LedgerUnavailableError(address.name, problem, _TRY)
    return LedgerUnavailableError(
        address.name, f"cannot be used: {_said(address, error)}", "look at the server's log"
    )


def _raised(address: ServerAddress, state: str, error: BaseException) -> LedgerError | None:
    """Return the error for what the SQL of this package raises; None for any other."""
    if state == "QK001":  # raised by the function refuse_moved
        return LedgerUnavailableError(
            address.name, f"was {_said(address, error)}; it takes no calls any more",
            "use the new ledger; or, to go on with this one: quotakeeper ledger unfreeze",
        )  # fmt: skip
    if state == "QK004":  # raised before the tables are made
        return LedgerUnavailableError(
            address.name, f"others may create objects in its schema: {_said(address, error)}; its "
                          "functions would run their objects with the rights of the owner",
            "use another schema: ?schema=NAME; or take their right to create objects back",
        )  # fmt: skip
    if state == "QK005":  # raised before the rights of the role are changed
        return LedgerUnavailableError(
            address.name, f"the role {_said(address, error)} owns the ledger or counts calls, so it "
                          "cannot be the role that reads the views alone",
            "name another role: --reader ROLE",
        )  # fmt: skip
    return None


def _said(address: ServerAddress, error: BaseException) -> str:
    """Return the first line of the driver's message, without the password."""
    lines = str(error).strip().splitlines()
    return address.without_password(lines[0])[:200] if lines else type(error).__name__
