"""Our own locks between processes: SQLite's busy handler is not a queue and starves writers.

One lock file stands in front of every write and every checkpoint. Another one per process says that
the process lives: the operating system lets go of it however the process ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from quotakeeper.clocks import SystemClock

if sys.platform == "win32":  # pragma: no cover - not executed here
    import msvcrt

    def _lock(fd: int, *, wait: bool) -> bool:
        clock = SystemClock()
        while True:
            try:
                os.lseek(fd, 0, os.SEEK_SET)
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
                clock.sleep(0.002)
            else:
                return True

    def _unlock(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(fd: int, *, wait: bool) -> bool:
        # Waiters in flock are served in turn by the kernel, which is what makes it fair.
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


class FileLock:
    """An exclusive lock on a file of its own, between processes and between connections."""

    def __init__(self, path: Path) -> None:
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> None:
        assert self._fd is not None
        _lock(self._fd, wait=True)

    def __exit__(self, *_: object) -> None:
        assert self._fd is not None
        _unlock(self._fd)

    def close(self) -> None:
        """Let go. In a forked child this leaves the parent's lock alone."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class OwnerMark:
    """A locked file that says this owner is alive, in a folder beside the ledger."""

    def __init__(self, folder: Path, owner: str) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / owner
        # Locked before it has its name: nobody can find it unlocked and take us for dead.
        hidden = folder / f".{owner}"
        self._fd: int | None = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _lock(self._fd, wait=True)
        try:
            os.rename(hidden, self._path)
        except OSError:  # pragma: no cover - Windows does not rename an open file
            self._path = hidden

    def close(self, *, forked: bool = False) -> None:
        """Say that the owner has ended; in a forked child only drop the copy."""
        if self._fd is None:
            return
        if not forked:
            with suppress(OSError):
                self._path.unlink()
        os.close(self._fd)
        self._fd = None


def dead_owners(folder: Path, owners: frozenset[str]) -> frozenset[str]:
    """Which of these owners have ended: their file is there and nobody holds its lock.

    An owner without a file is left to the time limit of its reservations.
    """
    return frozenset(owner for owner in owners if _is_dead(folder / owner, folder / f".{owner}"))


def bury(folder: Path, owners: frozenset[str]) -> None:
    """Remove the files of owners that have ended and whose reservations have been resolved."""
    for owner in owners:
        for path in (folder / owner, folder / f".{owner}"):
            with suppress(OSError):
                path.unlink()


def _is_dead(*paths: Path) -> bool:
    for path in paths:
        try:
            fd = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        try:
            free = _lock(fd, wait=False)
            if free:
                _unlock(fd)
            return free
        finally:
            os.close(fd)
    return False
