"""The parts of one process's journal of leases: one that is written to, and some that may go soon."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from quotakeeper.engine.journals.fence import Fence
from quotakeeper.engine.journals.lease_journal import JournalSegment, segment_path

_TURNED_AFTER_SECONDS = 1.0

log = logging.getLogger("quotakeeper.engine")


class Segments:
    """Used by the worker; `current` is read by every thread. Without a ledger file there are none."""

    def __init__(self, ledger: Path | None, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner
        self.current: JournalSegment | None = None
        self.fence: Fence | None = None  # there before the first part, and until the last is gone
        self._before: list[JournalSegment] = []
        self._number = 0
        self._began = 0.0
        self._said = False

    @property
    def any(self) -> bool:
        """Whether there are files that have to be removed some day."""
        return self.fence is not None or self.current is not None or bool(self._before)

    def ready(self, monotonic: float) -> bool:
        """Have one to write to; False when that cannot be: then nothing is admitted on a lease."""
        if self._ledger is None or self.current is not None:
            return True
        try:
            if self.fence is None:
                self.fence = Fence(self._ledger, self._owner)
            self.current = self._next()
            self._began = monotonic
        except (OSError, ValueError) as error:
            if not self._said:
                self._said = True
                log.warning("quotakeeper: no lease: its journal cannot be written (%s)", error)
            return False
        return True

    def _next(self) -> JournalSegment:
        assert self._ledger is not None
        self._number += 1
        return JournalSegment(segment_path(self._ledger, self._owner, self._number), self._ledger)

    def turn(
        self, monotonic: float, needed: Collection[JournalSegment | None], used: bool,
        leases: Sequence[str],
    ) -> list[JournalSegment]:  # fmt: skip
        """Begin a new part where it is time, with these lines; gives the parts nobody needs."""
        current = self.current
        if current is not None and not used:
            self.current = None
            self._before.append(current)
        elif (
            current is not None and current.written
            and monotonic - self._began >= _TURNED_AFTER_SECONDS
        ):  # fmt: skip
            self._began = monotonic
            with suppress(OSError):  # then the one there is goes on
                following = self._next()
                for line in leases:
                    following.append(line)
                self.current = following
                self._before.append(current)
        # The oldest first: the end of a call goes no sooner than its beginning, or whoever reads the
        # rest would take it to be under way.
        gone = list(takewhile(lambda segment: segment not in needed, self._before))
        self._before = self._before[len(gone) :]
        return gone

    def gone(self) -> None:
        """The parts that `turn` gave are removed: the fence goes with the last of them."""
        if self.fence is not None and self.current is None and not self._before:
            self.fence.remove()
            self.fence = None
