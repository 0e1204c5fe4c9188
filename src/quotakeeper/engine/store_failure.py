"""What becomes of a call while the ledger does not answer: denied, or let through and spooled."""

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
    """`on_store_failure` is "deny" or "allow"; see Settings."""

    def __init__(self, on_store_failure: str, spool: Spool) -> None:
        self._on_store_failure = on_store_failure
        self._spool = spool
        self._warnings = RepeatedWarnings(log)

    def let_through(self, what: str, error: LedgerError) -> None:
        """Raise the error, unless calls go out though the ledger cannot count them."""
        if self._on_store_failure != "allow":
            raise error
        self._warnings.say(f"quotakeeper: %s; {what}", error)

    def let_out(self, error: LedgerError) -> None:
        """As `let_through`, for a call that has yet to go out: refused where nothing could keep it.

        Raises LedgerUnavailableError while the ledger and the spool cannot be written and memory has
        all the calls that it takes.
        """
        if self._on_store_failure == "allow" and self._spool.is_full:
            raise LedgerUnavailableError(
                error.ledger,
                f"{error.problem}; neither can its spool be written, and memory takes no more calls",
                error.fix or "free the disk: calls go on by themselves then",
            ) from error
        self.let_through("the call goes out and will be spooled", error)

    def spool(self, record: Record, at: int, *, settles: bool = False) -> UsageEvent:
        """Keep what a call used at an instant until the ledger can book it; gives its event.

        With `settles`, it ends the reservation of that id.
        """
        kept = Record(record.id, record.labels, record.figures, record.limits, at)
        self._spool.add(kept, settles=settles)
        return event_from(record.id, at, record.labels, record.figures)
