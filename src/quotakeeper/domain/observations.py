"""Events about calls and limits, which a keeper passes to its observers. They cannot be changed."""

from __future__ import annotations

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import ThresholdCrossed
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.value_classes import dataclass

__all__ = [
    "CallAdmitted", "CallAssumed", "CallCorrected", "CallRefused", "CallSettled", "CallUnpriced",
    "Observation", "ThresholdCrossed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallAdmitted:
    """A reservation was made or grew, or a call was admitted on a lease.

    `hold` is what is reserved now. `decision.warnings` names the limits in which a threshold is
    reached.
    """

    hold: Hold
    decision: Decision


@dataclass(frozen=True, slots=True)
class CallRefused:
    """A limit or a pause refused a call; `decision` says which one. Nothing was reserved."""

    labels: CallLabels
    decision: Decision


@dataclass(frozen=True, slots=True)
class CallSettled:
    """Usage with known figures was counted: a reservation was settled, or usage was recorded."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallAssumed:
    """The estimate of a call was counted as assumed use, because the end of the call is not known."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallCorrected:
    """The figures of a counted event were replaced; `event` has the new figures."""

    event: UsageEvent


@dataclass(frozen=True, slots=True)
class CallUnpriced:
    """Usage was counted without a cost, because no price is known.

    The observer first gets the observation that the usage was counted, then this one.
    """

    event: UsageEvent


Observation = (
    CallAdmitted | CallRefused | CallSettled | CallAssumed | CallCorrected | CallUnpriced
    | ThresholdCrossed
)  # fmt: skip
