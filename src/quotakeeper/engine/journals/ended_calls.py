"""Notes about calls that have ended and will be settled: one `write()` per call.

The ledger settles many calls in one commit, a moment after they end. If the process is killed
before this commit, the notes remain in their file. Another process then settles the calls from the
notes. Without a note, the estimate of a call would be counted as assumed use. Notes survive kill
-9, `os._exit` and `exec`. They are not synced to disk, so a power cut may lose them.

The files are beside the ledger: `<ledger>.ended-<owner>.<number>`, where the owner names the
process. Their lines have the format of the lease journal. A file is removed when the ledger has
booked all calls in it. An open session has a file of its own: see `usage_note`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from quotakeeper.domain.ledger.commands import Command, Failed, Record, Release, Settle
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ports import LedgerWriter, Store
from quotakeeper.engine.background_writes import Apply, plainly
from quotakeeper.engine.journals.lease_journal import (
    JournalContents,
    JournalSegment,
    LineKind,
    read_lines,
    settled_line,
)
from quotakeeper.engine.journals.usage_note import UsageNote, is_under_way
from quotakeeper.file_safety import read_ours

_MARK = ".ended-"
_CURRENT = "current"
_MOST_NOTES = 1_000  # per file; then a new file is started
_AT_ONCE = 500

log = logging.getLogger("quotakeeper.engine")


class NotesFile(JournalSegment):
    """One file of notes.

    `pending` maps the id of each call that the ledger has not booked to the figures of the call. If
    `is_full` is True, no further notes are written to this file.
    """

    def __init__(self, path: Path, ledger: Path) -> None:
        super().__init__(path, ledger)
        self.pending: dict[str, Figures] = {}
        self.notes = 0
        self.is_full = False


class NotedEnd(NamedTuple):
    """The command that settles a call, and the file with the note of the call.

    If `command` is None, the call is already settled.
    """

    command: Settle | None = None
    file: NotesFile | None = None


class EndedCalls:
    """The notes of ended calls of one process. For a ledger in memory, no notes are written.

    `note`, `settled` and `drop_note` take no lock, because a signal handler may interrupt a
    thread that writes a note. Each of their steps on shared data is atomic in Python.
    """

    def __init__(self, ledger: Path | None, owner: str, apply: Apply = plainly) -> None:
        self._ledger = ledger
        self._apply = apply
        self._usage_notes: dict[int, UsageNote] = {}
        self.after_fork(owner)

    def after_fork(self, owner: str) -> None:
        """Drop all notes in a forked child, because they belong to the parent. The files stay."""
        for note in self._usage_notes.values():
            note.leave()
        self._owner = owner
        self._numbers = count(1)
        self._files: dict[str, NotesFile] = {}
        self._full: list[NotesFile] = []
        self._usage_notes = {}

    # -- for those who end calls

    def note(self, event_id: str, figures: Figures) -> NotesFile | None:
        """Write a note of a call's usage. Returns the file to pass to `settled`; None if no note
        was written."""
        if self._ledger is None:
            return None
        try:
            file = self._entered(event_id, figures)
            file.append(settled_line(event_id, figures))
        except OSError as error:  # the call is settled soon even without a note
            log.debug(
                "quotakeeper: an ended call could not be written to the file of ended calls: %s",
                error,
            )
            return None
        return file

    def settled(self, event_id: str, file: NotesFile | None) -> None:
        """Record that the ledger has booked the call with this id, so its note is no longer
        needed."""
        if file is None:
            return
        file.pending.pop(event_id, None)
        if file.notes >= _MOST_NOTES and self._files.get(_CURRENT) is file:
            self._leave(file)
        if file.is_full and not file.pending:
            file.remove()

    def usage_note(self) -> UsageNote | None:
        """Create the file for the note of an open session, or of a call that is not in the ledger.

        Returns None for a ledger in memory. Raises OSError.
        """
        if self._ledger is None:
            return None
        note = UsageNote(self._new_path(self._ledger), self._ledger)
        self._usage_notes[id(note)] = note
        return note

    def drop_note(self, note: UsageNote) -> None:
        """Delete a usage note: its session or call was settled, or the usage is unknown."""
        self._usage_notes.pop(id(note), None)
        note.remove()

    def _entered(self, event_id: str, figures: Figures) -> NotesFile:
        """Add a call to a file of notes and return the file.

        The file is not removed before `settled` is called for this call.
        """
        while True:
            file = self._files.get(_CURRENT) or self._opened()
            file.pending[event_id] = figures
            if not file.is_full:  # checked after adding: `_leave` sets it before it reads `pending`
                file.notes += 1
                return file
            file.pending.pop(event_id, None)

    def _opened(self) -> NotesFile:
        assert self._ledger is not None
        file = NotesFile(self._new_path(self._ledger), self._ledger)
        current = self._files.setdefault(_CURRENT, file)
        if current is not file:  # another thread was first
            file.remove()
        return current

    def _new_path(self, ledger: Path) -> Path:
        return ledger.with_name(f"{ledger.name}{_MARK}{self._owner}.{next(self._numbers):06d}")

    def _leave(self, file: NotesFile) -> None:
        file.is_full = True
        if self._files.get(_CURRENT) is file:
            self._files.pop(_CURRENT, None)
        self._full.append(file)
        self._full = [each for each in self._full if not each.gone]

    # -- for the worker

    def close(self, store: LedgerWriter, now: int) -> None:
        """Settle all calls with notes, and remove the files. Raises LedgerError.

        Keeps the notes of calls that are not in the ledger, because the spool books these calls.
        """
        files = [*self._files.values(), *self._full]
        left = {key: each for file in files for key, each in file.pending.items()}
        notes = [note for note in self._usage_notes.values() if not note.is_unbacked]
        commands: list[Command] = [Settle(key, each) for key, each in left.items()]
        commands += [command for note in notes for command in note.commands()]
        self._settle(store, now, commands)
        for note in notes:
            self.drop_note(note)
        for file in files:
            self._leave(file)
            if not file.pending.keys() - left.keys():
                file.remove()

    def replay(self, store: Store, now: int) -> None:
        """Settle the noted calls of processes that have ended, and remove their files.

        Raises LedgerError. The notes that were not settled then remain.
        """
        if self._ledger is None:
            return
        found = self._found(self._ledger)
        if not found:
            return
        for owner in sorted(store.ended(frozenset(found)) - {store.owner}):
            for path in found[owner]:
                self._replay_file(store, now, path)

    def _replay_file(self, store: Store, now: int, path: Path) -> None:
        try:
            if is_under_way(path):
                return
            text = read_ours(path)
        except OSError as error:  # another process was faster, or this user may not read it
            log.debug("quotakeeper: the file %s was not read: %s", path.name, error)
            return
        commands = [_command(line) for line in read_lines(text)]
        self._settle(store, now, [command for command in commands if command is not None])
        with suppress(OSError):
            path.unlink()

    def _settle(self, store: LedgerWriter, now: int, commands: Sequence[Command]) -> None:
        for start in range(0, len(commands), _AT_ONCE):
            for outcome in self._apply(store, commands[start : start + _AT_ONCE], now):
                if isinstance(outcome, Failed):  # usually: the call was settled and then corrected
                    log.debug(
                        "quotakeeper: a call in the file of ended calls could not be settled: %s",
                        outcome.error,
                    )

    def _found(self, ledger: Path) -> dict[str, list[Path]]:
        beginning, found = f"{ledger.name}{_MARK}", dict[str, list[Path]]()
        with suppress(OSError):
            for name in sorted(os.listdir(ledger.parent)):
                owner, dot, number = name.removeprefix(beginning).rpartition(".")
                if name.startswith(beginning) and dot and number.isdigit():
                    found.setdefault(owner, []).append(ledger.with_name(name))
        return found


def _command(line: JournalContents | str) -> Command | None:
    if not isinstance(line, str):
        if line.figures is not None and line.labels is not None:
            return Record(line.id, line.labels, line.figures, at=line.at)
        if line.figures is not None:
            return Settle(line.id, line.figures)
        if line.what is LineKind.RELEASED:
            return Release(line.id)
    log.debug("quotakeeper: an incomplete line about an ended call is skipped: %.200s", line)
    return None
