"""What the ledger is told of calls that were admitted on a lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from quotakeeper.domain.ledger.commands import Command, Failed, Outcomes, Record
from quotakeeper.domain.ports import Store
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.engine.journals.lease_journal import LineKind
from quotakeeper.engine.leases.lease import LeasedCall
from quotakeeper.errors import InvalidInputError

log = logging.getLogger("quotakeeper")


def book(store: Store, now: int, calls: Sequence[LeasedCall]) -> list[Outcomes]:
    """Draw calls that have ended out of their leases and end them, in one commit.

    Gives what came of it. Raises LedgerError, and may then be repeated.
    """
    parts = [_commands(call) for call in calls]
    commands = [command for part in parts for command in part]
    booked = store.apply(commands, now) if commands else []
    outcomes = iter(booked)
    others: list[Outcomes] = []
    for call, part in zip(calls, parts, strict=True):
        answers = list(islice(outcomes, len(part)))
        failed = next((answer for answer in answers if isinstance(answer, Failed)), None)
        if failed is not None:
            others += _not_booked(store, now, call, failed, first=answers[0] is failed)
    return [*booked, *others]


def draw(store: Store, now: int, calls: Sequence[LeasedCall]) -> list[Outcomes]:
    """Make the ledger know of calls that are under way; gives what came of it."""
    outcomes = store.apply([call.draw for call in calls], now)
    for call, outcome in zip(calls, outcomes, strict=True):
        if not isinstance(outcome, Failed):
            call.drawn = True
    return outcomes


def _commands(call: LeasedCall) -> list[Command]:
    ending = call.ending()
    if ending is None:  # given back before the ledger knew of it: as if it had never been
        return []
    return [ending] if call.drawn else [call.draw, ending]


def _not_booked(
    store: Store, now: int, call: LeasedCall, failed: Failed, *, first: bool
) -> list[Outcomes]:
    unknown = isinstance(failed.error, InvalidInputError) and first
    if unknown and call.end is not LineKind.RELEASED:
        # The ledger knows no such lease, it is another file now: what was used is used.
        figures = call.figures or replace(
            call.shape.figures, provenance=Provenance.ASSUMED, outcome=Outcome.UNKNOWN
        )
        limits = call.shape.call.limits
        command = Record(call.id, call.lease.labels, figures, limits, call.at)
        (outcome,) = store.apply([command], now)
        if not isinstance(outcome, Failed):
            return [outcome]
        failed = outcome
    log.warning("quotakeeper: call %s on a lease: %s", call.id, failed.error)
    return []
