"""The usage so far of an open session: one note in its own file, which each update overwrites.

A session may last for hours, and the usage of each message is added. If the process is killed,
another process settles the session from the note. Without the note, the whole reservation would be
assumed.

A session or a single call may have no reservation in the ledger (`on_store_failure = "allow"`). It
has a note too. Without the note, it would not be counted at all.

The file is locked while the session lasts. If the process could never open the ledger, only this
lock shows that the process still runs.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from quotakeeper.domain.ledger.commands import Command, Record, Release, Settle
from quotakeeper.engine.journals.lease_journal import (
    JournalSegment,
    LineKind,
    ended_line,
    recorded_line,
    settled_line,
)

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        os.lseek(fd, 1 << 30, os.SEEK_SET)  # nobody writes there
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class UsageNote(JournalSegment):
    """The note of one session or call. Its lines have the format of the lease journal."""

    is_appended = False

    def __init__(self, path: Path, ledger: Path) -> None:
        super().__init__(path, ledger)
        self._commands: Sequence[Command] = ()
        self._length = 0
        with suppress(OSError):  # a file system without locks
            _lock(self._fd)

    def write(self, commands: Sequence[Command]) -> None:
        """Overwrite the note with the commands that book the session so far. Raises OSError.

        Uses one `write()`, so after a kill the file contains either the old or the new note.
        """
        data = "".join(map(_line, commands)).encode()
        data = data.ljust(self._length, b"\n")  # empty lines overwrite a longer old note
        self._length = len(data)
        self._commands = commands
        os.lseek(self._fd, 0, os.SEEK_SET)
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def commands(self) -> Sequence[Command]:
        """Return the commands that were last written."""
        return self._commands

    @property
    def is_unbacked(self) -> bool:
        """Whether the session has no reservation in the ledger."""
        return any(isinstance(command, Record) for command in self._commands)

    def leave(self) -> None:
        """Close the file in a forked child, so that only the parent holds the lock."""
        fd, self._fd = self._fd, -1
        with suppress(OSError):
            os.close(fd)


def is_under_way(path: Path) -> bool:
    """Whether the session with the note at `path` still lasts. Raises OSError."""
    fd = os.open(path, os.O_RDWR)
    try:
        _lock(fd)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    finally:
        os.close(fd)
    return False


def _line(command: Command) -> str:
    if isinstance(command, Settle):
        return settled_line(command.id, command.figures)
    if isinstance(command, Record):
        return recorded_line(command)
    assert isinstance(command, Release)
    return ended_line(LineKind.RELEASED, command.id)
