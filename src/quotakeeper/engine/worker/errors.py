"""The errors that callers get when the worker cannot execute their commands or questions."""

from __future__ import annotations

from typing import TypeVar

from quotakeeper.domain.ledger.commands import Command, Reserve, Sweep, Watch
from quotakeeper.domain.ledger.order_commands import (
    AcceptClock,
    AcceptLedger,
    PauseCalls,
    RaiseLimit,
    ResumeCalls,
    TopUp,
)
from quotakeeper.errors import (
    LedgerError,
    LedgerUnavailableError,
    OutcomeUnknownError,
    QuotakeeperError,
)

E = TypeVar("E", bound=Exception)


def too_slow(ledger: str, patience: float, command: Command | None) -> LedgerError:
    """Return the error for a ledger that did not answer in time. `command` is None for a question.

    The error is OutcomeUnknownError if the command may still be executed.
    """
    problem = f"did not answer within {patience:g} s"
    if command is None or isinstance(command, Reserve | Watch | Sweep):
        return LedgerUnavailableError(ledger, problem, "close other programs that use it")
    orders = PauseCalls | ResumeCalls | RaiseLimit | TopUp | AcceptClock | AcceptLedger
    if isinstance(command, orders):
        return OutcomeUnknownError(
            ledger, problem, "check quotakeeper status, then repeat the command"
        )
    return OutcomeUnknownError(ledger, problem, f"repeat it with the same id, {command.id}")


def unforeseen(ledger: str, error: Exception) -> QuotakeeperError:
    """Return an error of this package unchanged, and any other error as OutcomeUnknownError."""
    if isinstance(error, QuotakeeperError):
        return error
    problem = f"failed in the middle of a batch ({type(error).__name__}: {str(error)[:200]})"
    unknown = OutcomeUnknownError(ledger, problem, "repeat it with the same id")
    unknown.__cause__ = error
    return unknown


def afresh(error: E) -> E:
    """Return a copy of an error. If many threads raised one object, their tracebacks would be
    mixed."""
    kind = type(error)
    fresh = kind.__new__(kind, *error.args)
    fresh.args = error.args
    fresh.__dict__.update(error.__dict__)
    fresh.__cause__ = error
    return fresh
