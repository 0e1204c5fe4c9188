"""The journal of a process's leases: one `write()` a line, which outlives kill -9.

A call admitted on a lease is a line before it goes out, and its end is another. The files lie beside
the ledger, `<ledger>.lease-<owner>.<number>`, for as long as the ledger does not have all of what
they say. A line begins with a newline, so that it stands alone behind one that was torn, and ends
with a semicolon, so that a torn one is told from a whole one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.journals.codec import (
    NOT_OURS,
    checked_instant,
    figures_from_text,
    figures_text,
    from_json,
    labels_data,
    labels_from,
    to_json,
)
from quotakeeper.file_safety import take_rights

_MARK, _FENCE = ".lease-", ".fence"


class LineKind(StrEnum):
    """What a line says: a lease was granted, a call admitted on it, or how that call ended."""

    LEASE = "L"
    ADMITTED = "A"
    SETTLED = "S"
    ASSUMED = "X"
    RELEASED = "R"


class JournalSegment:
    """One file of the journal. Its handle is closed when the last who may write to it lets go."""

    is_appended = True

    def __init__(self, path: Path, ledger: Path) -> None:
        self.path = path
        self.gone = False
        self.written = False
        self._fd = -1
        how = os.O_APPEND if self.is_appended else 0
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | how, 0o600)
        take_rights(self._fd, ledger)

    def append(self, line: str) -> None:
        """Hand a line to the operating system; raises OSError when not all of it was taken."""
        self.written = True
        data = line.encode()
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def remove(self) -> None:
        """The ledger has all of it."""
        self.gone = True
        with suppress(OSError):
            self.path.unlink()

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def segment_path(ledger: Path, owner: str, number: int) -> Path:
    """Where a part of a process's journal is."""
    return ledger.with_name(f"{ledger.name}{_MARK}{owner}.{number:06d}")


def fence_path(ledger: Path, owner: str) -> Path:
    """Where a process's fence is; see `fence`."""
    return ledger.with_name(f"{ledger.name}{_MARK}{owner}{_FENCE}")


def segments(ledger: Path) -> dict[str, list[Path]]:
    """The journals beside a ledger, by owner, each in the order it was written.

    An owner that has left its fence alone is there with an empty journal.
    """
    try:
        return _segments(ledger)
    except OSError:
        return {}


def segments_of(ledger: Path, owner: str) -> list[Path]:
    """One owner's journal, in the order it was written. Raises OSError."""
    return _segments(ledger).get(owner, [])


def _segments(ledger: Path) -> dict[str, list[Path]]:
    beginning, found = f"{ledger.name}{_MARK}", dict[str, list[Path]]()
    for name in sorted(os.listdir(ledger.parent)):
        owner, dot, number = name.removeprefix(beginning).rpartition(".")
        if not name.startswith(beginning):
            continue
        if dot and number.isdigit():
            found.setdefault(owner, []).append(ledger.with_name(name))
        elif name.endswith(_FENCE):
            found.setdefault(owner, [])
    return found


# -- lines


def lease_line(lease: str, labels: CallLabels, token: bytes) -> str:
    """A lease was granted, for calls with these labels, behind a fence with this token."""
    data = {**labels_data(labels), "fence": token.hex()}
    return f"\n{LineKind.LEASE} {lease} {to_json(data)};"


def admitted_ending(lease: str, ttl_us: int, figures: Figures) -> str:
    """The end of a line that says that a call was admitted: the same for all of one shape."""
    return f"{lease} {ttl_us} {figures_text(figures)};"


def settled_line(event_id: str, figures: Figures) -> str:
    """A call has ended at its true figures."""
    return f"\n{LineKind.SETTLED} {event_id} {figures_text(figures)};"


def ended_line(what: LineKind, event_id: str) -> str:
    """A call was released, or is assumed at its estimate."""
    return f"\n{what} {event_id} ;"


# -- reading


@dataclass(frozen=True, slots=True)
class JournalContents:
    """A line that was read; what it has depends on what it says."""

    what: LineKind
    id: str
    figures: Figures | None = None
    labels: CallLabels | None = None
    lease: str = ""
    at: int = 0
    ttl_us: int = 0
    token: bytes = b""


def read_lines(text: str) -> Iterator[JournalContents | str]:
    """The lines of a file; one that is torn, or none of ours, comes as it is."""
    for line in text.split("\n"):
        if not line.strip("\0 "):  # what a power cut leaves of a file may be zeros
            continue
        try:
            if not line.endswith(";"):
                raise ValueError("torn")
            yield _read(line[:-1])
        except NOT_OURS:
            yield line


def _read(line: str) -> JournalContents:
    letter, found, rest = line.split(" ", 2)
    what = LineKind(letter)
    if what is LineKind.LEASE:
        data = from_json(rest)
        token = bytes.fromhex(data.get("fence", ""))  # earlier versions wrote none
        return JournalContents(what, found, labels=labels_from(data), token=token)
    if what is LineKind.SETTLED:
        return JournalContents(what, found, figures_from_text(rest))
    if what is LineKind.ADMITTED:
        at, lease, ttl, figures = rest.split(" ", 3)
        return JournalContents(what, found, figures_from_text(figures), lease=lease,
                    at=checked_instant(int(at)), ttl_us=int(ttl))  # fmt: skip
    return JournalContents(what, found)
