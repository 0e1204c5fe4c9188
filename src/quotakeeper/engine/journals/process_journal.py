"""The lease journal of one process, as read from its files: calls, and how to book them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from quotakeeper.domain.ledger.commands import (
    Assume,
    Command,
    Draw,
    Failed,
    Record,
    Release,
    Settle,
)
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.journals.booking import assumed
from quotakeeper.engine.journals.lease_journal import (
    JournalContents,
    LineKind,
    fence_path,
    read_lines,
    segments_of,
)
from quotakeeper.errors import InvalidInputError, ReservationClosedError
from quotakeeper.file_safety import read_ours
from quotakeeper.value_classes import dataclass

log = logging.getLogger("quotakeeper.engine")


@dataclass(slots=True)
class JournaledCall:
    """A call as the journal describes it. If `admitted` is None, the journal has only its end."""

    id: str
    owner: str
    labels: Mapping[str, CallLabels]  # by lease id
    fenced: frozenset[str]  # leases that were granted before their process was fenced
    admitted: JournalContents | None = None
    ended: JournalContents | None = None

    def commands(self) -> Sequence[Command]:
        """Return the commands that book the call. Lines written after the fence have no effect."""
        begun, ended = self.admitted, self.ended
        drawn: list[Command] = []
        if begun is not None and begun.figures is not None:
            drawn = [Draw(self.id, begun.lease, begun.figures, self.owner, begun.ttl_us, begun.at,
                          only_if_open=begun.lease in self.fenced)]  # fmt: skip
        if ended is None:
            return drawn  # the call was under way, so the sweep assumes it
        if ended.what is LineKind.SETTLED and ended.figures is not None:
            return [*drawn, Settle(self.id, ended.figures)]
        if ended.what is LineKind.ASSUMED:
            return [*drawn, Assume(self.id)]
        return [Release(self.id)]  # may fail, if the ledger does not have the call

    def is_void(self, failed: Failed) -> bool:
        """Whether the failure is expected: the call was released, or its own process refused it."""
        begun = self.admitted
        late = begun is not None and begun.lease in self.fenced
        return self.was_released or (late and isinstance(failed.error, ReservationClosedError))

    @property
    def was_released(self) -> bool:
        """Whether the call ended without usage."""
        return self.ended is not None and self.ended.what is LineKind.RELEASED

    def instead(self, failed: Failed, *, first: bool) -> Record | None:
        """Return the record to book if the ledger does not have the lease; see KeptCall."""
        begun, ended = self.admitted, self.ended
        labels = None if begun is None else self.labels.get(begun.lease)
        unknown = first and isinstance(failed.error, InvalidInputError) and not self.was_released
        if not unknown or begun is None or begun.figures is None or labels is None:
            return None
        used = None if ended is None else ended.figures
        return Record(self.id, labels, used or assumed(begun.figures), at=begun.at)


@dataclass(frozen=True, slots=True)
class ProcessJournal:
    """The contents of all journal files of one process."""

    owner: str
    paths: Sequence[Path]
    calls: list[JournaledCall]
    leases: Sequence[str]

    @classmethod
    def read(cls, ledger: Path, owner: str, paths: Sequence[Path]) -> ProcessJournal:
        """Read the journal of a process that has ended. Raises FileNotFoundError, OSError."""
        texts = [read_ours(path) for path in paths]
        token = b""
        with suppress(FileNotFoundError):  # earlier versions had no fence
            token = fence_path(ledger, owner).read_bytes()
        return cls._of(owner, paths, texts, token)

    @classmethod
    def read_what_is_left(cls, ledger: Path, owner: str) -> ProcessJournal:
        """Read the journal of a process that may continue. Raises OSError.

        Skips a file that does not exist any more, because the ledger has booked all its lines.
        """
        paths, texts = segments_of(ledger, owner), []
        for path in paths:
            with suppress(FileNotFoundError):
                texts.append(read_ours(path))
        return cls._of(owner, paths, texts, b"")

    @classmethod
    def _of(
        cls, owner: str, paths: Sequence[Path], texts: Iterable[str], token: bytes
    ) -> ProcessJournal:
        lines = [line for text in texts for line in read_lines(text)]
        labels: dict[str, CallLabels] = {}
        granted: dict[str, bytes] = {}
        for line in lines:
            if not isinstance(line, str) and line.labels is not None:
                labels[line.id], granted[line.id] = line.labels, line.token
        fenced = frozenset(
            lease for lease, mine in granted.items() if token and mine and mine != token
        )
        calls: dict[str, JournaledCall] = {}
        for line in lines:
            if isinstance(line, str):  # torn when the process or the machine stopped
                log.debug("quotakeeper: incomplete line in a lease journal skipped: %.200s", line)
                continue
            if line.what is LineKind.LEASE:
                continue
            call = calls.setdefault(line.id, JournaledCall(line.id, owner, labels, fenced))
            if line.what is LineKind.ADMITTED:
                call.admitted = line
            else:
                call.ended = line
        return cls(owner, paths, list(calls.values()), list(labels))
