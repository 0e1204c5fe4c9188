"""Converts answers of the product to the form that the second ledger uses."""

from __future__ import annotations

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.errors import InvalidInputError, KeyConflictError, ReservationClosedError
from tests.proof.second_ledger import Outcome

_ERRORS = {
    InvalidInputError: "input",
    KeyConflictError: "conflict",
    ReservationClosedError: "closed",
}


def said(outcome: c.Outcomes) -> Outcome:
    """An outcome in the second ledger's form."""
    match outcome:
        case c.Reserved():
            event = None if outcome.event is None else event_said(outcome.event)
            return ("reserved", outcome.hold.id, outcome.replay, _warned(outcome.decision), event)
        case c.Denied() if outcome.decision.doubt is not None:
            return ("unknown",)  # no change; the second ledger has no suspect clock
        case c.Denied():
            verdicts = tuple((v.limit.name, v.used, v.reserved) for v in outcome.decision.refusing)
            return ("denied", verdicts, _warned(outcome.decision))
        case c.Booked():
            return ("booked", event_said(outcome.event), outcome.replay, _crossed(outcome))
        case c.Done():
            return ("done", outcome.id, str(outcome.state))
        case c.Swept():
            crossed = [each for booked in outcome.booked for each in _crossed(booked)]
            left = tuple(hold.id for hold in outcome.leases)
            return ("swept", outcome.expired, outcome.assumed, tuple(crossed), left)
        case c.Watched():
            return ("watched",)
        case o.Ordered():  # the second ledger has no orders
            return ("ordered",)
        case c.Failed():
            return ("failed", _ERRORS.get(type(outcome.error), repr(outcome.error)))


def event_said(event: UsageEvent) -> Outcome:
    """An event in the second ledger's form."""
    figures = Figures(event.quantities, event.cost_pico, event.price_id, event.provenance,
                      event.outcome, event.model_served, event.duration_ms, event.note)  # fmt: skip
    return event.id, event.at, event.labels, figures


def _warned(decision: Decision) -> tuple[str, ...]:
    return tuple(verdict.limit.name for verdict in decision.warnings)


def _crossed(booked: c.Booked) -> Outcome:
    found = [each.crossing for each in booked.crossed]
    return tuple((each.limit, each.level, each.turn, each.used) for each in found)
