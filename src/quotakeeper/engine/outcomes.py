"""From the outcome of a command to what its caller gets: an answer or an error, and warnings."""

from __future__ import annotations

from typing import Any

from quotakeeper.clocks import zone_named
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Booked, Denied, Failed, Reserved
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.threshold_warnings import ThresholdWarnings
from quotakeeper.errors import LimitExceeded


class OutcomeReader:
    """Reads outcomes, and warns of the thresholds that they say were passed."""

    def __init__(self, warnings: ThresholdWarnings) -> None:
        self._warnings = warnings

    def granted(self, outcome: Any) -> tuple[Hold, Decision]:
        """What was set aside; raises LimitExceeded, or what failed."""
        if isinstance(outcome, Reserved):
            if outcome.decision.warnings:
                self._warnings.give(outcome.decision.warnings)
            return outcome.hold, outcome.decision
        raise_if_failed(outcome)
        assert isinstance(outcome, Denied)
        verdict = outcome.decision.blocking
        zone = zone_named(verdict.limit.timezone)
        raise LimitExceeded(outcome.decision, verdict.explain(zone))

    def booked(self, outcome: Any) -> UsageEvent:
        """The event; raises what failed."""
        if not isinstance(outcome, Booked):
            raise_if_failed(outcome)
        if outcome.passed:
            self._warnings.give(outcome.passed)
        event: UsageEvent = outcome.event
        return event


def raise_if_failed(outcome: Any) -> None:
    """Raise what failed."""
    if isinstance(outcome, Failed):
        raise outcome.error
