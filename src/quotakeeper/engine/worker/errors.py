"""The errors a caller gets when the worker fails it."""

from __future__ import annotations

from typing import TypeVar

from quotakeeper.domain.ledger.commands import Command, Reserve, Sweep, Watch
from quotakeeper.domain.ledger.order_commands import (
    AcceptClock,
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
    """What to raise when the ledger did not answer in time; None stands for a question."""
    problem = f"did not answer within {patience:g} s"
    if command is None or isinstance(command, Reserve | Watch | Sweep):
        return LedgerUnavailableError(ledger, problem, "is another program holding it?")
    if isinstance(command, PauseCalls | ResumeCalls | RaiseLimit | TopUp | AcceptClock):
        return OutcomeUnknownError(
            ledger, problem, "look at quotakeeper status, and order it again"
        )
    return OutcomeUnknownError(ledger, problem, f"ask again by its id, {command.id}")


def unforeseen(ledger: str, error: Exception) -> QuotakeeperError:
    """An error as one of ours: of what nobody foresaw nobody knows how far it had come."""
    if isinstance(error, QuotakeeperError):
        return error
    problem = f"failed in the middle of a batch ({type(error).__name__}: {str(error)[:200]})"
    unknown = OutcomeUnknownError(ledger, problem, "ask again by the same id")
    unknown.__cause__ = error
    return unknown


def afresh(error: E) -> E:
    """The same error once more: one that is raised in many threads mixes up their tracebacks."""
    kind = type(error)
    fresh = kind.__new__(kind, *error.args)
    fresh.args = error.args
    fresh.__dict__.update(error.__dict__)
    fresh.__cause__ = error
    return fresh
