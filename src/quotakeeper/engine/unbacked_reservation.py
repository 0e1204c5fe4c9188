"""A reservation that is not in the ledger, but has a note on disk.

If the process is killed, the call is counted from the note.
"""

from __future__ import annotations

import logging

from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.engine.call_builder import PreparedCall
from quotakeeper.engine.journals.booking import assumed
from quotakeeper.engine.journals.usage_note import UsageNote
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.worker.steps import Steps

log = logging.getLogger("quotakeeper.engine")


class UnbackedReservation(Reservation):
    """A reservation that is not in the ledger, because the ledger cannot be used.

    Made only with `on_store_failure = "allow"`. When the call is sent, a note is written to a file
    beside the ledger. If the process is killed, the usage in the note is counted. The note is
    deleted when the call is in the spool.
    """

    def __init__(self, parts: EngineParts, call: PreparedCall, hold: Hold) -> None:
        super().__init__(parts, call, hold, Decision(True), None, spooled=True)
        self._note: UsageNote | None = None
        if hold.sent:
            self.keep_note(assumed(hold.estimate))

    def record(self, figures: Figures) -> c.Record:
        """Return the command that books the call with these figures."""
        return c.Record(self.id, self.hold.labels, figures, at=self.hold.at)

    def keep_note(self, figures: Figures) -> None:
        """Write the figures that count if the process is killed. An error is logged, not raised."""
        try:
            if self._note is None:
                self._note = self._parts.ended.usage_note()
            if self._note is not None:
                self._note.write([self.record(figures)])
        except OSError as error:  # the call is still counted when it ends
            log.debug(
                "quotakeeper: a call that was made without the ledger could not be written "
                "to the spool: %s",
                error,
            )

    def drop_note(self) -> None:
        """Delete the note. The spool or the session's note now has the usage, or nothing was used."""
        if self._owner == self._parts.worker.owner:  # not in a forked child
            note, self._note = self._note, None
            if note is not None:
                self._parts.ended.drop_note(note)

    def _marking_sent(self) -> Steps[None]:
        yield from super()._marking_sent()
        self.keep_note(assumed(self.hold.estimate))

    def _releasing(self) -> Steps[None]:
        yield from super()._releasing()
        self.drop_note()

    def _kept(self, command: c.Command) -> UsageEvent:
        event = super()._kept(command)
        self.drop_note()
        return event
