"""Our own locks between processes: SQLite's busy handler is not a queue and starves writers.

One lock file stands in front of every write and every checkpoint. Another one per process says that
the process lives: the operating system lets go of it however the process ends.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Thread

from quotakeeper.clocks import SystemClock
from quotakeeper.file_safety import NO_FOLLOW, open_ours, take_rights, why_not_ours
from quotakeeper.native_threads import are_green

PATIENCE_SECONDS = 15.0  # for who has something to write
BRIEFLY_SECONDS = 2.0  # for who only tidies up, and may leave it

_EXIT_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 0.0002
_LONGEST_PAUSE_SECONDS = 0.005

if sys.platform == "win32":  # pragma: no cover - not executed here
    import msvcrt

    def _try(fd: int) -> bool:
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait(fd: int) -> None:
        while not _try(fd):
            SystemClock().sleep(0.002)

    def _unlock(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(fd: int) -> None:
        # Waiters in flock are woken by the kernel in turn, which is what makes it fair.
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


def _opened(path: Path) -> int:
    # The lock of `ledger.db` is `ledger.db.lock`; it is shared with whom the ledger is shared with.
    return open_ours(path, os.O_RDWR | os.O_CREAT, path.with_suffix(""))


def _close(fd: int) -> None:
    # Whatever the disk says of it, the descriptor is gone, and nothing was written through it.
    with suppress(OSError):
        os.close(fd)


class HeldElsewhereError(TimeoutError):
    """The lock was not to be had in time."""


class FileLock:
    """An exclusive lock on a file of its own, between processes and between connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = _opened(path)

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:  # gate-ok(float): a wait
        """Hold the lock; HeldElsewhereError when it is not to be had within so many seconds."""
        if self._fd is None:
            self._fd = _opened(self._path)
        if _try(self._fd):
            try:
                yield
            finally:
                self._let_go()
            return
        waiter = _Waiter(self._path)
        waiter.wait(seconds)
        try:
            yield
        finally:
            waiter.let_go()

    def _let_go(self) -> None:
        # Never the caller's trouble: what was done under the lock is done. Closing lets go as well.
        assert self._fd is not None
        try:
            _unlock(self._fd)
        except OSError:
            self.close()

    def close(self) -> None:
        """Let go. In a forked child this leaves the parent's lock alone."""
        if self._fd is not None:
            _close(self._fd)
            self._fd = None


class _Waiter:
    """Waits in the kernel's queue, in a thread of its own: flock itself knows no time limit.

    The thread has a handle of its own too, so that a lock that comes after its owner has given up
    is let go of without touching anybody else's.
    """

    def __init__(self, path: Path) -> None:
        self._changed = Condition()
        self._given_up = self._locked = False
        self._fd = _opened(path)

    def wait(self, seconds: float) -> None:  # gate-ok(float): a wait
        if are_green():  # a thread that turns green would never get its turn
            self._poll(seconds)
            return
        thread = Thread(target=self._stand_in_line, daemon=True, name="quotakeeper-lock")
        try:
            thread.start()
        except RuntimeError:  # no more threads, as when the interpreter is about to end
            self._poll(seconds)
            return
        came = False
        with self._changed:
            try:
                came = self._changed.wait_for(lambda: self._locked, seconds)
            finally:
                if not came:  # in time, or interrupted
                    self._given_up = True
                    if self._locked:
                        self.let_go()
        if not came:
            raise HeldElsewhereError("is locked by another program")
        thread.join(_EXIT_SECONDS)  # a fork of this process then finds no thread of it

    def let_go(self) -> None:
        # Said aloud: a process that was forked meanwhile may have a copy of this handle.
        with suppress(OSError):
            _unlock(self._fd)
        _close(self._fd)

    def _stand_in_line(self) -> None:
        try:
            _wait(self._fd)
        except OSError:
            os.close(self._fd)
            return
        with self._changed:
            if self._given_up:
                self.let_go()
            else:
                self._locked = True
                self._changed.notify()

    def _poll(self, seconds: float) -> None:  # gate-ok(float): a wait
        clock = SystemClock()
        until, pause = clock.monotonic() + seconds, _FIRST_PAUSE_SECONDS
        while not _try(self._fd):
            if clock.monotonic() >= until:
                os.close(self._fd)
                raise HeldElsewhereError("is locked by another program")
            clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


class OwnerMark:
    """A locked file that says this owner is alive, in a folder beside the ledger."""

    def __init__(self, folder: Path, owner: str, ledger: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        take_rights(folder, ledger)
        why = why_not_ours(folder)
        if why:
            raise PermissionError(errno.EPERM, f"{folder.name} {why}", str(folder))
        self._path = folder / owner
        # Locked before it has its name: nobody can find it unlocked and take us for dead.
        hidden = folder / f".{owner}"
        self._fd: int | None = os.open(
            hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600
        )
        try:
            take_rights(self._fd, ledger)
            _wait(self._fd)
        except OSError:
            _close(self._fd)
            _remove(hidden)  # or the next try would find it there, and never get past it
            raise
        try:
            os.rename(hidden, self._path)
        except OSError:  # pragma: no cover - Windows does not rename an open file
            self._path = hidden

    def close(self, *, kept: bool = False) -> None:
        """Say that the owner has ended. With `kept` the file stays, for what the owner has left; in
        a forked child that drops the copy alone.
        """
        if self._fd is None:
            return
        if sys.platform == "win32":  # pragma: no cover - Windows removes no file that is open
            _close(self._fd)
            _remove_unless(kept, self._path)
        else:
            _remove_unless(kept, self._path)
            _close(self._fd)
        self._fd = None


def _remove_unless(kept: bool, path: Path) -> None:
    if not kept:
        _remove(path)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def dead_owners(folder: Path, owners: frozenset[str]) -> frozenset[str]:
    """Which of these owners have ended: their file is there and nobody holds its lock.

    An owner without a file is left to the time limit of its reservations.
    """
    return frozenset(owner for owner in owners if _is_dead(folder / owner, folder / f".{owner}"))


def names_a_file(owner: object) -> bool:
    """Whether an owner as the ledger has it can be the name of a mark; a damaged one may not be."""
    return (
        isinstance(owner, str)
        and owner.isprintable()
        and not owner.startswith(".")
        and not {"/", "\\"} & set(owner)
    )


def ended_owners(folder: Path) -> frozenset[str]:
    """All owners with a mark here whose process has ended, whether they left anything or not."""
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    # A hidden mark is one that is being made; it has its name as soon as it is locked.
    return frozenset(n for n in names if not n.startswith(".") and _is_dead(folder / n))


def lives(folder: Path, owner: str) -> bool:
    """Whether an owner that had a mark is still alive: for those who left files behind."""
    marks = folder / owner, folder / f".{owner}"
    return any(map(os.path.lexists, marks)) and not _is_dead(*marks)


def bury(folder: Path, owners: frozenset[str]) -> None:
    """Remove the files of owners that have ended and whose reservations have been resolved."""
    for owner in owners:
        for path in (folder / owner, folder / f".{owner}"):
            _remove(path)


def _is_dead(*paths: Path) -> bool:
    for path in paths:
        try:
            fd = open_ours(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        try:
            free = _try(fd)
            if free:
                _unlock(fd)
            return free
        finally:
            os.close(fd)
    return False
