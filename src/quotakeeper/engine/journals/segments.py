"""The files of this process's lease journal: the current file, and older files to remove soon."""

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
    """The journal files of this process. The worker changes them; every thread reads `current`.

    For a ledger in memory, there are no files and `current` is None.
    """

    def __init__(self, ledger: Path | None, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner
        self.current: JournalSegment | None = None
        self.fence: Fence | None = (
            None  # exists before the first file, and until the last is removed
        )
        self._before: list[JournalSegment] = []
        self._number = 0
        self._began = 0.0
        self._said = False

    @property
    def any(self) -> bool:
        """Whether there are files that must be removed later."""
        return self.fence is not None or self.current is not None or bool(self._before)

    def ready(self, monotonic: float) -> bool:
        """Create a file to write to if there is none. Returns False if this fails: then no lease
        may be used.

        `monotonic` is the present time in monotonic seconds.
        """
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
                log.warning(
                    "quotakeeper: this process uses no leases, because their journal "
                    "cannot be written (%s)",
                    error,
                )
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
        """Start a new file if the current file is a second old. Returns the files that can be
        removed.

        - `needed`: the files with lines of calls that are under way.
        - `used`: whether leases are still in use. If not, the current file is ended without a new
          one.
        - `leases`: the lines of present leases, with which the new file begins.
        """
        current = self.current
        if current is not None and not used:
            self.current = None
            self._before.append(current)
        elif (
            current is not None and current.written
            and monotonic - self._began >= _TURNED_AFTER_SECONDS
        ):  # fmt: skip
            self._began = monotonic
            with suppress(OSError):  # then the present file stays in use
                following = self._next()
                for line in leases:
                    following.append(line)
                self.current = following
                self._before.append(current)
        # Remove the oldest first. If the line of a call's end were removed before the line of its
        # admission, a reader would consider the call under way.
        gone = list(takewhile(lambda segment: segment not in needed, self._before))
        self._before = self._before[len(gone) :]
        return gone

    def gone(self) -> None:
        """Remove the fence if no file remains. Called after the files from `turn` were removed."""
        if self.fence is not None and self.current is None and not self._before:
            self.fence.remove()
            self.fence = None
