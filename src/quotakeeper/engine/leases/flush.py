"""Writes calls that were admitted on leases to the ledger."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from quotakeeper.domain.ledger.commands import Failed, Outcomes
from quotakeeper.domain.ports import LedgerWriter
from quotakeeper.engine.journals.booking import book_calls
from quotakeeper.engine.journals.lease_journal import LineKind
from quotakeeper.engine.leases.lease import LeasedCall

log = logging.getLogger("quotakeeper.engine")


def book(store: LedgerWriter, now: int, calls: Sequence[LeasedCall]) -> list[Outcomes]:
    """Write ended calls on leases to the ledger and end them there, in one commit.

    Returns the outcomes. Raises LedgerError. The caller may then book the same calls again.
    """
    booked = book_calls(lambda commands: store.apply(commands, now), calls)
    for call, (_, failed) in zip(calls, booked, strict=True):
        if failed is not None and call.end is not LineKind.RELEASED:
            log.warning(
                "quotakeeper: call %s, admitted on a lease, was not written to the ledger: %s",
                call.id,
                failed.error,
            )
    return [outcome for outcomes, _ in booked for outcome in outcomes]


def draw(store: LedgerWriter, now: int, calls: Sequence[LeasedCall]) -> list[Outcomes]:
    """Write calls under way to the ledger as reservations, and return the outcomes."""
    outcomes = store.apply([call.draw for call in calls], now)
    for call, outcome in zip(calls, outcomes, strict=True):
        if not isinstance(outcome, Failed):
            call.drawn = True
    return outcomes
