"""What this machine has last seen of a ledger, so that it notices if the ledger went back.

The number of commits (the version) only grows, except if somebody restores a backup, or a standby
without the last commits takes over. Each process keeps the newest version that it has seen in
memory, and in a file that all processes of the machine use. The file is written without waiting for
the disk: it survives the end of the process, and a power cut may take its last seconds.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from quotakeeper.domain.server_doubts import WentBack
from quotakeeper.value_classes import dataclass, replace

_WIDTH = 512  # bytes; each write replaces the whole file


class ServerIdentity(NamedTuple):
    """The database cluster that answers. `system` is "" if this user may not read its identifier.

    `timeline` grows by one when a standby takes over; 0 on a standby.
    """

    system: str
    timeline: int


@dataclass(frozen=True, slots=True)
class Position:
    """The newest state of a ledger that was seen.

    - `version`: the number of commits.
    - `batch`, `batch_at`: the name and time of the newest commit of this machine, or "" and 0.
    - `accepted_at`: the time of the newest acceptance that was seen; see AcceptLedger.
    - `lost`: set from when the ledger went back until somebody accepts this.
    """

    system: str = ""
    timeline: int = 0
    version: int = 0
    batch: str = ""
    batch_at: int = 0
    accepted_at: int = 0
    lost: WentBack | None = None


class LastSeen:
    """Compares each state of a ledger with the newest that this machine has seen.

    Without `file`, only what this process has seen is known. If the file cannot be read or written,
    this process goes on without it.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._identity = ServerIdentity("", 0)
        self.position = _read(file)

    @property
    def doubt(self) -> WentBack | None:
        """The reason why hard limits refuse calls; None if the ledger did not go back."""
        return self.position.lost

    def connected(self, identity: ServerIdentity) -> None:
        """Take in what other processes of this machine have seen. Called before the ledger is read."""
        self._identity = identity
        self.position = _newer(self.position, _read(self._file))

    def look(self, version: int, accepted_at: int, now: int, *, is_gone: bool = False) -> None:
        """Compare a state of the ledger, which was read at ledger time `now`.

        `is_gone` is True if the newest commit of this machine is not there any more.
        """
        known, (system, timeline) = self.position, self._identity
        if accepted_at > known.accepted_at or not known.version:
            found = Position(system, timeline, version, accepted_at=accepted_at)
            self._keep(found)
            return
        is_other = bool(system and known.system and system != known.system)
        is_older = not is_other and 0 < timeline < known.timeline
        if known.lost is not None:
            return
        if version < known.version or is_other or is_older or is_gone:
            lost = WentBack(known.version, version, now, is_other)
            self._keep(replace(known, lost=lost))
        elif (version, timeline) != (known.version, known.timeline):
            system = system or known.system
            self._keep(replace(known, system=system, timeline=timeline, version=version))

    def committed(self, version: int, batch: str, at: int) -> None:
        """Record a commit of this process that was acknowledged at ledger time `at`."""
        if self.position.lost is None:
            system, timeline = self._identity
            known = self.position
            system = system or known.system
            self._keep(Position(system, timeline, version, batch, at, known.accepted_at))

    def _keep(self, position: Position) -> None:
        self.position = position
        if self._file is None:
            return
        newest = _newer(position, _read(self._file))  # another process may have seen more
        text = json.dumps(_record(newest)).encode().ljust(_WIDTH - 1) + b"\n"
        with suppress(OSError):
            try:
                with open(self._file, "r+b", buffering=0) as file:
                    file.write(text)
                    file.truncate()
            except FileNotFoundError:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with open(self._file, "xb", buffering=0) as file:
                    file.write(text)


def _newer(one: Position, other: Position) -> Position:
    """Return the position that was seen later, with the loss that either of them knows."""
    if one.accepted_at != other.accepted_at:
        return max(one, other, key=lambda each: each.accepted_at)
    newer = other if other.version > one.version else one
    return newer if newer.lost else replace(newer, lost=one.lost or other.lost)


def _record(position: Position) -> dict[str, Any]:
    lost = position.lost
    return {
        "system": position.system, "timeline": position.timeline, "version": position.version,
        "batch": position.batch, "batch_at": position.batch_at,
        "accepted_at": position.accepted_at,
        "lost": lost and [lost.seen, lost.found, lost.found_at, lost.is_other],
    }  # fmt: skip


def _read(file: Path | None) -> Position:
    if file is None:
        return Position()
    try:
        values = json.loads(file.read_bytes())
        lost = values.pop("lost")
        return Position(**values, lost=lost and WentBack(*lost))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Position()
