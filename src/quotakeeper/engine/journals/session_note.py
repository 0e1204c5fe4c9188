"""The figures of a live session so far: one note in its own file, overwritten in place.

A session may last for hours, and each message is counted. If its process is killed, another process
settles the session from the note. Without the note, the whole reservation would be assumed.
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
    """The note of one session, with the line format of the lease journal."""

    is_appended = False

    def __init__(self, path: Path, ledger: Path) -> None:
        super().__init__(path, ledger)
        self._commands: Sequence[Command] = ()
        self._length = 0

    def write(self, event_id: str, figures: Figures, others: Sequence[str]) -> None:
        """Write that the session is to be settled at `figures`, and its other reservations released.

        Uses one `write()`, so a killed process leaves either the old or the new note. Raises
        OSError.
        """
        lines = [settled_line(event_id, figures)]
        lines += [ended_line(LineKind.RELEASED, other) for other in others]
        data = "".join(lines).encode().ljust(self._length)  # blanks overwrite a longer old note
        self._length = len(data)
        self._commands = [Settle(event_id, figures), *map(Release, others)]
        os.lseek(self._fd, 0, os.SEEK_SET)
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def commands(self) -> Sequence[Command]:
        """The commands that settle the session at the figures last written."""
        return self._commands
