"""Books calls that were kept in a file or in memory.

If the commands of a call fail, the call can be booked as a record instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from quotakeeper.domain.ledger.commands import Command, Failed, Outcomes, Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.value_classes import replace

Apply = Callable[[Sequence[Command]], Sequence[Outcomes]]


class KeptCall(Protocol):
    """A call that the ledger has not booked yet."""

    def commands(self) -> Sequence[Command]:
        """Return the commands that book the call, in order."""

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """Return a record that books the call after one of its commands failed; None if there is
        none.

        `failed` is the outcome of the command that failed first. `first` is True if this is the
        call's first command.
        """


C = TypeVar("C", bound=KeptCall)


class BookedCall(NamedTuple):
    """The outcomes of one call. `failed` is None if the call was booked, else the failure."""

    outcomes: list[Outcomes]
    failed: Failed | None


def book_calls(apply: Apply, calls: Sequence[C]) -> list[BookedCall]:
    """Book calls in one batch, in order. Returns one result per call.

    Raises LedgerError. The caller may then book the same calls again, because each id counts once.
    """
    parts = [call.commands() for call in calls]
    commands = [command for part in parts for command in part]
    outcomes = iter(apply(commands) if commands else ())
    return [
        _booked(apply, call, list(islice(outcomes, len(part))))
        for call, part in zip(calls, parts, strict=True)
    ]


def _booked(apply: Apply, call: KeptCall, outcomes: list[Outcomes]) -> BookedCall:
    failed = next((outcome for outcome in outcomes if isinstance(outcome, Failed)), None)
    if failed is not None:
        record = call.instead(failed, first=outcomes[0] is failed)
        if record is not None:
            (outcome,) = apply([record])
            outcomes = [*outcomes, outcome]
            failed = outcome if isinstance(outcome, Failed) else None
    return BookedCall(outcomes, failed)


def assumed(figures: Figures) -> Figures:
    """Return the estimate of a call as assumed figures, because the real usage is not known."""
    return replace(figures, provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN)
