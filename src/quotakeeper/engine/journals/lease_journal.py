"""The journal of a process's leases: one `write()` per line, which survives kill -9.

A call on a lease has a line for its admission, written before the call is sent, and a line for its
end. The files are beside the ledger: `<ledger>.lease-<owner>.<number>`, where the owner names the
process. A file is removed when the ledger has booked all its lines. A line begins with a newline,
so an incomplete line before it does no harm. A line ends with a semicolon, which shows that it is
complete.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from quotakeeper.domain.ledger.commands import Record
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.journals.codec import (
    NOT_OURS,
    checked_instant,
    figures_data,
    figures_from,
    figures_from_text,
    figures_text,
    from_json,
    labels_data,
    labels_from,
    to_json,
)
from quotakeeper.file_safety import take_rights
from quotakeeper.value_classes import dataclass

_MARK, _FENCE = ".lease-", ".fence"


class LineKind(StrEnum):
    """The kind of a line. Its value is the first letter of the line.

    - LEASE: a lease was granted.
    - ADMITTED: a call was admitted on a lease.
    - SETTLED, ASSUMED, RELEASED: how a call ended.
    - RECORDED: a call without a reservation in the ledger. Only usage notes have such lines.
    """

    LEASE = "L"
    ADMITTED = "A"
    SETTLED = "S"
    ASSUMED = "X"
    RELEASED = "R"
    RECORDED = "N"


class JournalSegment:
    """One file of the journal. The file is closed when this object is deleted.

    `gone` is True if the file was removed, or will be removed next.
    """

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
        """Write a line with one system call. Raises OSError if the line was not written in full."""
        self.written = True
        data = line.encode()
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def remove(self) -> None:
        """Remove the file. Call this only when the ledger has booked all its lines."""
        self.gone = True
        with suppress(OSError):
            self.path.unlink()

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


def segment_path(ledger: Path, owner: str, number: int) -> Path:
    """The path of the file with this number in the journal of the process `owner`."""
    return ledger.with_name(f"{ledger.name}{_MARK}{owner}.{number:06d}")


def fence_path(ledger: Path, owner: str) -> Path:
    """The path of the fence of the process `owner`; see the module `fence`."""
    return ledger.with_name(f"{ledger.name}{_MARK}{owner}{_FENCE}")


def segments(ledger: Path) -> dict[str, list[Path]]:
    """The lease journals beside a ledger, by owner name. The files of a journal are in the order of
    writing.

    If a process has only a fence file, its journal is empty. Without access to the folder, returns
    no journals.
    """
    try:
        return _segments(ledger)
    except OSError:
        return {}


def segments_of(ledger: Path, owner: str) -> list[Path]:
    """The files of the journal of the process `owner`, in the order of writing. Raises OSError."""
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
    """The line for a granted lease. `token` is the fence's token before the lease was requested."""
    data = {**labels_data(labels), "fence": token.hex()}
    return f"\n{LineKind.LEASE} {lease} {to_json(data)};"


def admitted_ending(lease: str, ttl_us: int, figures: Figures) -> str:
    """The end of the line for an admitted call. It is the same for all calls with the same
    arguments."""
    return f"{lease} {ttl_us} {figures_text(figures)};"


def settled_line(event_id: str, figures: Figures) -> str:
    """The line for a call that ended with its true figures."""
    return f"\n{LineKind.SETTLED} {event_id} {figures_text(figures)};"


def recorded_line(record: Record) -> str:
    """The line for a call that has no reservation in the ledger."""
    data = {"labels": labels_data(record.labels), "figures": figures_data(record.figures),
            "at": record.at}  # fmt: skip
    return f"\n{LineKind.RECORDED} {record.id} {to_json(data)};"


def ended_line(what: LineKind, event_id: str) -> str:
    """The line for a call that was released or assumed."""
    return f"\n{what} {event_id} ;"


# -- reading


@dataclass(frozen=True, slots=True)
class JournalContents:
    """One parsed line. `what` decides which other fields are set; see LineKind."""

    what: LineKind
    id: str
    figures: Figures | None = None
    labels: CallLabels | None = None
    lease: str = ""
    at: int = 0
    ttl_us: int = 0
    token: bytes = b""


def read_lines(text: str) -> Iterator[JournalContents | str]:
    """Yield the parsed lines of a file. A torn or unknown line is yielded as its text."""
    for line in text.split("\n"):
        if not line.strip("\0 "):  # after a power cut, a file may contain zeros
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
        token = bytes.fromhex(data.get("fence", ""))  # earlier versions wrote no token
        return JournalContents(what, found, labels=labels_from(data), token=token)
    if what is LineKind.SETTLED:
        return JournalContents(what, found, figures_from_text(rest))
    if what is LineKind.RECORDED:
        data = from_json(rest)
        return JournalContents(what, found, figures_from(data["figures"]),
                    labels_from(data["labels"]), at=checked_instant(data["at"]))  # fmt: skip
    if what is LineKind.ADMITTED:
        at, lease, ttl, figures = rest.split(" ", 3)
        return JournalContents(what, found, figures_from_text(figures), lease=lease,
                    at=checked_instant(int(at)), ttl_us=int(ttl))  # fmt: skip
    return JournalContents(what, found)
