"""Observations: frozen events about calls and limits, for whoever subscribes to a keeper."""

from __future__ import annotations

from dataclasses import dataclass

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import ThresholdCrossed
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import CallLabels, UsageEvent

__all__ = [
    "CallAdmitted", "CallAssumed", "CallCorrected", "CallRefused", "CallSettled", "CallUnpriced",
    "Observation", "ThresholdCrossed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallAdmitted:
    """A reservation was made, or grew, or a call was admitted on a lease.

    `hold` is what is set aside now; `decision` names the limits that it comes close to.
    """

    hold: Hold
    decision: Decision


@dataclass(frozen=True, slots=True)
class CallRefused:
    """A hard limit had no room for a call; `decision.refusing` says which. Nothing was set aside."""

    labels: CallLabels
    decision: Decision


@dataclass(frozen=True, slots=True)
class CallSettled:
    """Usage was counted at figures that are known: a reservation was settled, or usage recorded."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallAssumed:
    """Usage was counted at its estimate, because nobody knows what became of the call."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallCorrected:
    """The figures of an event that was counted before were replaced; `event` has the new ones."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallUnpriced:
    """Usage was counted, but no price is known: it has no cost. Follows CallSettled or the like."""

    event: UsageEvent


Observation = (
    CallAdmitted | CallRefused | CallSettled | CallAssumed | CallCorrected | CallUnpriced
    | ThresholdCrossed
)  # fmt: skip
