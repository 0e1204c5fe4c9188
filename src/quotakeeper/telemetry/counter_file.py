"""Keeps counters in a file, so that a restart, or a command that cron starts, goes on with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quotakeeper.clocks import SystemClock
from quotakeeper.file_safety import open_ours, read_ours
from quotakeeper.telemetry.counters import Counters, counters_from

_LOCK_SECONDS = 10.0
_PAUSE_SECONDS = 0.02

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


class CounterFile:
    """Counters that all processes of one user share for one ledger; see app/metrics.

    `path` None: they are in this process only. `is_kept` says whether the file could be used.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._counters = Counters()
        self._clock = SystemClock()
        self.is_kept = False

    @contextmanager
    def counters(self) -> Iterator[Counters]:
        """Yield the counters, and write them at the end of the `with` block.

        Read the ledger inside the block: then no process goes back to sums that are older than
        those of another. Without a usable file, the counters of this process go on.
        """
        fd = self._opened()
        try:
            self.is_kept = fd is not None
            if fd is not None and self._path is not None:
                try:
                    self._counters = counters_from(read_ours(self._path))
                except FileNotFoundError:
                    pass
                except OSError:  # such as a link, a folder, or a file of another user
                    self.is_kept = False
            yield self._counters
            if self.is_kept and self._path is not None:
                try:
                    self._write(self._path)
                except OSError:
                    self.is_kept = False
        finally:
            if fd is not None:
                os.close(fd)

    def _opened(self) -> int | None:
        """Return the open and locked lock file; None if it cannot be used in time."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = open_ours(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT)
        except OSError:
            return None
        end = self._clock.monotonic() + _LOCK_SECONDS
        while True:
            try:
                _lock(fd)
            except OSError:
                if self._clock.monotonic() >= end:
                    os.close(fd)
                    return None
                self._clock.sleep(_PAUSE_SECONDS)
            else:
                return fd

    def _write(self, path: Path) -> None:
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            fd = open_ours(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with open(fd, "w", encoding="utf-8") as file:
                file.write(self._counters.text())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
