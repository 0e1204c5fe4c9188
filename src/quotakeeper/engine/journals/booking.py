"""Books calls that a file or a lease has kept: each by its commands, or by a record instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from quotakeeper.domain.ledger.commands import Command, Failed, Outcomes, Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import Outcome, Provenance

Apply = Callable[[Sequence[Command]], Sequence[Outcomes]]


class KeptCall(Protocol):
    """A call that the ledger has still to book."""

    def commands(self) -> Sequence[Command]:
        """What books it, in this order."""

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """What to book where that failed, perhaps at the first command; None: nothing."""


C = TypeVar("C", bound=KeptCall)


class BookedCall(NamedTuple):
    """What came of one call; `failed` is why it is not booked."""

    outcomes: list[Outcomes]
    failed: Failed | None


def book_calls(apply: Apply, calls: Sequence[C]) -> list[BookedCall]:
    """Book calls in one batch, in their order. Raises LedgerError, and may then be repeated."""
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
    """The estimate of a call, for one of which nobody knows what it used."""
    return replace(figures, provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN)
