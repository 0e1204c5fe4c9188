"""What becomes of a call while the ledger does not answer: denied, or let through and spooled."""

from __future__ import annotations

import logging

from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import event_from
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.errors import LedgerError

log = logging.getLogger("quotakeeper.engine")


class StoreFailurePolicy:
    """`on_store_failure` is "deny" or "allow"; see Settings."""

    def __init__(self, on_store_failure: str, spool: Spool) -> None:
        self._on_store_failure = on_store_failure
        self._spool = spool

    def let_through(self, what: str, error: LedgerError) -> None:
        """Raise the error, unless calls go out though the ledger cannot count them."""
        if self._on_store_failure != "allow":
            raise error
        log.warning("quotakeeper: %s; %s", error, what)

    def spool(self, record: Record, at: int, *, settles: bool = False) -> UsageEvent:
        """Keep what a call used at an instant until the ledger can book it; gives its event.

        With `settles`, it ends the reservation of that id.
        """
        kept = Record(record.id, record.labels, record.figures, record.limits, at)
        self._spool.add(kept, settles=settles)
        return event_from(record.id, at, record.labels, record.figures)
