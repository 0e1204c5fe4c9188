"""What a session under way has used so far: one note in a file of its own, written anew in place.

A session may last for hours, and is counted message by message. A process that is killed in the middle
of it leaves the note, and whoever finds the process dead settles the session by it. Without the note
all that was set aside would be assumed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from quotakeeper.domain.ledger.commands import Command, Release, Settle
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.engine.journals.lease_journal import (
    JournalSegment,
    LineKind,
    ended_line,
    settled_line,
)


class SessionNote(JournalSegment):
    """The note of one session. Lines are those of the journal of leases."""

    is_appended = False

    def __init__(self, path: Path, ledger: Path) -> None:
        super().__init__(path, ledger)
        self._commands: Sequence[Command] = ()
        self._length = 0

    def write(self, event_id: str, figures: Figures, others: Sequence[str]) -> None:
        """The session is to be settled so, and its other reservations are to be released.

        One `write()`, so a kill leaves the note as it was before or as it is now. Raises OSError.
        """
        lines = [settled_line(event_id, figures)]
        lines += [ended_line(LineKind.RELEASED, other) for other in others]
        data = "".join(lines).encode().ljust(self._length)  # blanks over what was longer before
        self._length = len(data)
        self._commands = [Settle(event_id, figures), *map(Release, others)]
        os.lseek(self._fd, 0, os.SEEK_SET)
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def commands(self) -> Sequence[Command]:
        """What settles the session as it was noted last."""
        return self._commands
