"""Makes a result or an error from the outcome of a command, and passes outcomes to observers."""

from __future__ import annotations

from typing import Any

from quotakeeper.clocks import zone_named
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Booked, Denied, Failed, Reserved
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.observers import Observers
from quotakeeper.engine.refusal_text import refusal_text
from quotakeeper.errors import (
    ClockSuspectError,
    FailoverUnsafeError,
    LedgerWentBackError,
    LimitExceeded,
    PausedError,
)


class OutcomeReader:
    """Reads the outcomes of commands, and passes them to the observers."""

    def __init__(self, observers: Observers) -> None:
        self.observers = observers

    def granted(self, outcome: Any, call: PreparedCall) -> tuple[Hold, Decision]:
        """Return the hold and the decision of an admitted call.

        If the call was refused, raises LimitExceeded or PausedError. If the command failed, raises
        its error.
        """
        if isinstance(outcome, Reserved):
            if self.observers.any:
                self.observers.in_call(outcome)
            return outcome.hold, outcome.decision
        raise_if_failed(outcome)
        assert isinstance(outcome, Denied)
        self.observers.refused(call.labels, outcome.decision)
        if outcome.decision.pause is not None:
            raise PausedError(outcome.decision)
        verdict = outcome.decision.blocking
        zone = zone_named(verdict.limit.timezone)
        if outcome.decision.doubt is not None:
            raise doubted(outcome.decision, outcome.decision.doubt.explain(zone))
        raise LimitExceeded(outcome.decision, refusal_text(outcome.decision, zone, call.policies))

    def booked(self, outcome: Any) -> UsageEvent:
        """Return the usage event of a booked call, or raise the error of a failed command."""
        if not isinstance(outcome, Booked):
            raise_if_failed(outcome)
        if outcome.crossed or self.observers.any:
            self.observers.in_call(outcome)
        event: UsageEvent = outcome.event
        return event

    def heard(self, outcome: Any) -> None:
        """Pass an outcome to the observers. Used for outcomes that the caller itself does not read."""
        if self.observers.any:
            self.observers.in_call(outcome)


def doubted(decision: Decision, text: str) -> LimitExceeded:
    """Return the error for a refusal because of a doubt about a clock or the ledger."""
    if hasattr(decision.doubt, "shown_at"):
        return ClockSuspectError(decision, text)
    if hasattr(decision.doubt, "seen"):
        return LedgerWentBackError(decision, text)
    return FailoverUnsafeError(decision, text)


def raise_if_failed(outcome: Any) -> None:
    """Raise the error of a failed command. Does nothing for other outcomes."""
    if isinstance(outcome, Failed):
        raise outcome.error
