"""The newest calls that a process has booked on its leases, to book them again if the ledger lost them.

A ledger on a server goes back if somebody restores a backup, or if a standby without the last
commits takes over. Each id counts once, so a call that the ledger still has does not count again.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from itertools import islice

from quotakeeper.domain.ledger.commands import (
    Booked,
    Command,
    Draw,
    Failed,
    Outcomes,
    Record,
    Release,
    Settle,
)
from quotakeeper.domain.ports import Store
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.journals.booking import assumed
from quotakeeper.engine.journals.lease_journal import LineKind
from quotakeeper.engine.leases.lease import LeasedCall
from quotakeeper.errors import KeyConflictError, ReservationClosedError
from quotakeeper.value_classes import dataclass

MOST_CALLS = 10_000  # about 8 MB
# `compact` deletes calls only after 35 days. The id of a deleted call would count again.
_LATEST_US = 30 * 86_400 * SECOND
_AT_ONCE = 400

log = logging.getLogger("quotakeeper.engine")


@dataclass(frozen=True, slots=True)
class BookedLeaseCall:
    """What books a call on a lease. Holds neither the lease nor a journal file, which keep files
    open."""

    labels: CallLabels
    draw: Draw
    ending: Command

    def commands(self) -> Sequence[Command]:
        """Return the two commands that book the call."""
        return [self.draw, self.ending]

    @property
    def record(self) -> Record | None:
        """The record to book if the ledger does not have the lease; None for a released call."""
        if isinstance(self.ending, Release):
            return None
        draw, ending = self.draw, self.ending
        figures = ending.figures if isinstance(ending, Settle) else assumed(draw.figures)
        limits = getattr(ending, "limits", ())
        return Record(draw.id, self.labels, figures, limits, draw.at)


class BookedCalls:
    """The newest booked calls of this process, at most `MOST_CALLS`, in memory.

    Only the worker calls the methods. A forked child needs a new object, because the calls belong
    to its parent.
    """

    def __init__(self) -> None:
        self._kept: deque[BookedLeaseCall] = deque(maxlen=MOST_CALLS)
        self._again: deque[BookedLeaseCall] = deque()
        self._losses = 0
        self._missing = 0

    @property
    def waiting(self) -> bool:
        """Whether there are calls that must still be booked again."""
        return bool(self._again)

    def keep(self, calls: Sequence[LeasedCall]) -> None:
        """Keep calls that were booked.

        A call that was released and never drawn is not kept, because the ledger never had it.
        """
        self._kept.extend(
            BookedLeaseCall(call.lease.labels, call.draw, call.ending)
            for call in calls
            if call.drawn or call.end is not LineKind.RELEASED
        )

    def book_again(self, store: Store, now: int) -> list[Outcomes]:
        """Book some of the kept calls again if the ledger has lost commits. Returns the outcomes.

        Books at most 400 calls, so that callers do not wait long. Raises LedgerError; the same
        calls are then booked next time.
        """
        if store.losses != self._losses:
            self._losses = store.losses
            self._again = deque(each for each in self._kept if _at(each) >= now - _LATEST_US)
        if not self._again:
            return []
        some = list(islice(self._again, _AT_ONCE))
        outcomes = _booked(store, now, some)
        for _ in some:
            self._again.popleft()
        self._missing += sum(isinstance(each, Booked) and not each.replay for each in outcomes)
        if not self._again and self._missing:
            log.warning(
                "quotakeeper: the ledger went back and lacked %d calls that this process had booked "
                "on its leases; they are booked again. Other calls may still be missing: compare "
                "with quotakeeper reconcile; then: quotakeeper ledger accept",
                self._missing,
            )  # fmt: skip
            self._missing = 0
        return outcomes


def _at(call: BookedLeaseCall) -> int:
    return call.draw.at or 0


def _booked(store: Store, now: int, calls: Sequence[BookedLeaseCall]) -> list[Outcomes]:
    """Book calls in one commit, and those whose lease is unknown in a second one."""
    outcomes = store.apply([each for call in calls for each in call.commands()], now)
    pairs = zip(calls, outcomes[::2], outcomes[1::2], strict=True)
    kept = [(call, drawn, ended) for call, drawn, ended in pairs if call.record is not None]
    for call, drawn, ended in kept:
        if not isinstance(drawn, Failed):
            _check(call, ended)
    unknown = [call for call, drawn, _ in kept if isinstance(drawn, Failed)]
    records = [call.record for call in unknown if call.record is not None]
    recorded = store.apply(records, now) if records else []
    for call, outcome in zip(unknown, recorded, strict=True):
        _check(call, outcome)
    return [*outcomes, *recorded]


def _check(call: BookedLeaseCall, outcome: Outcomes) -> None:
    """Log that a call was not booked, except if it ended in another way in the ledger."""
    if isinstance(outcome, Failed) and not isinstance(
        outcome.error, ReservationClosedError | KeyConflictError
    ):
        log.warning(
            "quotakeeper: call %s, which the ledger lacked after it went back, was not booked "
            "again: %s", call.draw.id, outcome.error,
        )  # fmt: skip
