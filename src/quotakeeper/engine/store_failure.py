"""Decides about calls while the ledger cannot be used: refuse them, or write them to the spool."""

from __future__ import annotations

import logging

from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import event_from
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.journals.lost_calls import RepeatedWarnings
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.errors import LedgerError, LedgerUnavailableError

log = logging.getLogger("quotakeeper.engine")


class StoreFailurePolicy:
    """Applies `on_store_failure` ("deny" or "allow"); see Settings."""

    def __init__(self, on_store_failure: str, spool: Spool) -> None:
        self._on_store_failure = on_store_failure
        self._spool = spool
        self._warnings = RepeatedWarnings(log)

    def let_through(self, what: str, error: LedgerError) -> None:
        """Raise `error`; if `on_store_failure` is "allow", only log it as a warning with the text
        `what`."""
        if self._on_store_failure != "allow":
            raise error
        self._warnings.say(f"quotakeeper: %s; {what}", error)

    def let_out(self, error: LedgerError) -> None:
        """Do the same as `let_through`, for a call that was not sent yet.

        Also raises LedgerUnavailableError if the usage could not be stored anywhere. This is so if
        ledger and spool cannot be written, and the memory for waiting calls is full.
        """
        if self._on_store_failure == "allow" and self._spool.is_full:
            raise LedgerUnavailableError(
                error.ledger,
                f"{error.problem}; its spool cannot be written either, and the memory for "
                "waiting calls is full",
                error.fix or "free disk space: calls then continue by themselves",
            ) from error
        self.let_through("the call is sent, and its usage will be written to the spool", error)

    def spool(self, record: Record, at: int, *, settles: bool = False) -> UsageEvent:
        """Store the usage of a call until the ledger can book it, and return the usage event.

        With `settles`, the booking also ends the reservation with the id `record.id`.
        """
        kept = Record(record.id, record.labels, record.figures, record.limits, at)
        self._spool.add(kept, settles=settles)
        return event_from(record.id, at, record.labels, record.figures)
