"""Records usage without a reservation, and corrects counted events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.corrections import correction
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reads import Reads
from quotakeeper.engine.worker.steps import AskWorker, Offload, Steps
from quotakeeper.errors import InvalidInputError, LedgerError


class Records:
    """Records usage, and corrects it."""

    def __init__(self, parts: EngineParts, reads: Reads) -> None:
        self._parts = parts
        self._reads = reads

    def record(
        self, call: PreparedCall, given: Mapping[str, Any], event_id: str | None, at: int | None
    ) -> Steps[UsageEvent]:
        """Record usage that had no reservation; see Keeper.record."""
        command = self._parts.commands.record(call, given, event_id, at)
        try:
            return self._parts.outcomes.booked((yield command))
        except LedgerError as error:
            event: UsageEvent = yield Offload(partial(self._spooled, command, error))
            return event

    def correct(
        self, event_id: str, given: Mapping[str, Any], options: Mapping[str, str] | None
    ) -> Steps[UsageEvent]:
        """Replace the figures of a counted event; see Keeper.correct."""
        event: UsageEvent | None = yield Offload(partial(self._reads.event, event_id))
        if event is None:
            raise _not_counted(event_id, (yield AskWorker(self._reads.holds)))
        command = correction(self._parts.commands.calls, event, given, options)
        return self._parts.outcomes.booked((yield command))

    def _spooled(self, command: Record, error: LedgerError) -> UsageEvent:
        self._parts.failure.let_through("the call is written to the spool", error)
        at = self._parts.ledger_clock.now() if command.at is None else command.at
        return self._parts.failure.spool(command, at)


def _not_counted(event_id: object, holds: Sequence[Hold]) -> InvalidInputError:
    """Return the error for an id that cannot be corrected, because it has no counted usage."""
    shown = repr(str(event_id)[:60])
    if any(hold.id == event_id for hold in holds):
        return InvalidInputError(
            "event_id", f"{shown} is an open reservation", "settle it: it is not counted yet"
        )
    return InvalidInputError(
        "event_id", f"no event {shown} in this ledger", "see: quotakeeper events"
    )
