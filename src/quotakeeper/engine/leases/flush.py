"""What the ledger is told of calls that were admitted on a lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.ledger.commands import Booked, Failed
from quotakeeper.domain.ports import LedgerWriter
from quotakeeper.engine.journals.booking import book_calls
from quotakeeper.engine.leases.lease import LeasedCall

log = logging.getLogger("quotakeeper.engine")


def book(store: LedgerWriter, now: int, calls: Sequence[LeasedCall]) -> list[Verdict]:
    """Draw calls that have ended out of their leases and end them, in one commit.

    Gives the limits that are at a threshold now. Raises LedgerError, and may then be repeated.
    """
    booked = book_calls(lambda commands: store.apply(commands, now), calls)
    passed: list[Verdict] = []
    for call, (outcomes, failed) in zip(calls, booked, strict=True):
        if failed is not None:
            log.warning("quotakeeper: call %s on a lease: %s", call.id, failed.error)
        elif outcomes and isinstance(outcomes[-1], Booked):
            passed += outcomes[-1].passed
    return passed


def draw(store: LedgerWriter, now: int, calls: Sequence[LeasedCall]) -> None:
    """Make the ledger know of calls that are under way."""
    outcomes = store.apply([call.draw for call in calls], now)
    for call, outcome in zip(calls, outcomes, strict=True):
        if not isinstance(outcome, Failed):
            call.drawn = True
