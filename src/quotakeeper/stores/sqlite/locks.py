"""File locks between processes: one for writers, and one for each running process.

Writers need a lock of their own, because SQLite does not serve waiting writers in order. So one of
them could wait for ever. One lock file protects every write and every checkpoint. Each process also
locks a file of its own, which shows that the process is running. The operating system releases both
locks when the process ends, even by a crash.
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
from quotakeeper.stores.sqlite.system_locks import try_lock, unlock, wait_for_lock

PATIENCE_SECONDS = 15.0  # for a caller that must write
BRIEFLY_SECONDS = 2.0  # for optional clean-up

_EXIT_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 0.0002
_LONGEST_PAUSE_SECONDS = 0.005


def _opened(path: Path) -> int:
    # `ledger.db.lock` gets the group rights of `ledger.db`.
    return open_ours(path, os.O_RDWR | os.O_CREAT, path.with_suffix(""))


def _close(fd: int) -> None:
    # The descriptor is closed even if `close` fails, and nothing was written through it.
    with suppress(OSError):
        os.close(fd)


class HeldElsewhereError(TimeoutError):
    """The lock was not free within the time limit."""


class FileLock:
    """An exclusive lock on a lock file, between processes and between connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = _opened(path)

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:  # gate-ok(float): a wait
        """Hold the lock inside a `with` block.

        Raises HeldElsewhereError if the lock is not free within `seconds`. A commit uses `take`,
        which is faster.
        """
        taken = self.take(seconds)
        try:
            yield
        finally:
            taken.let_go()

    def take(self, seconds: float) -> FileLock | _Waiter:  # gate-ok(float): a wait
        """Take the lock. Raises HeldElsewhereError if the lock is not free within `seconds`.

        To release the lock, call `let_go` of the returned object.
        """
        if self._fd is None:
            self._fd = _opened(self._path)
        if try_lock(self._fd):
            return self
        waiter = _Waiter(self._path)
        waiter.wait(seconds)
        return waiter

    def let_go(self) -> None:
        """Release the lock. Call this only if `take` returned this object."""
        # An error here must not fail a finished write. Closing the file also releases the lock.
        assert self._fd is not None
        try:
            unlock(self._fd)
        except OSError:
            self.close()

    def close(self) -> None:
        """Close the lock file, which releases the lock. In a forked child, the parent's lock stays."""
        if self._fd is not None:
            _close(self._fd)
            self._fd = None


class _Waiter:
    """Waits for the lock in a separate thread, because flock has no time limit.

    The thread has its own file handle. If the lock is free only after the caller stopped waiting,
    the thread releases the lock through this handle.
    """

    def __init__(self, path: Path) -> None:
        self._changed = Condition()
        self._given_up = self._locked = False
        self._fd = _opened(path)

    def wait(self, seconds: float) -> None:  # gate-ok(float): a wait
        if are_green():  # a green thread would never run while this one waits
            self._poll(seconds)
            return
        thread = Thread(target=self._stand_in_line, daemon=True, name="quotakeeper-lock")
        try:
            thread.start()
        except RuntimeError:  # no thread can start, such as at interpreter shutdown
            self._poll(seconds)
            return
        came = False
        with self._changed:
            try:
                came = self._changed.wait_for(lambda: self._locked, seconds)
            finally:
                if not came:  # too late, or interrupted
                    self._given_up = True
                    if self._locked:
                        self.let_go()
        if not came:
            raise HeldElsewhereError("is locked by another program")
        thread.join(_EXIT_SECONDS)  # so that a later fork finds no thread

    def let_go(self) -> None:
        # Unlock explicitly: a forked process may have a copy of this handle.
        with suppress(OSError):
            unlock(self._fd)
        _close(self._fd)

    def _stand_in_line(self) -> None:
        try:
            wait_for_lock(self._fd)
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
        while not try_lock(self._fd):
            if clock.monotonic() >= until:
                os.close(self._fd)
                raise HeldElsewhereError("is locked by another program")
            clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


class OwnerMark:
    """A locked file beside the ledger. It shows other processes that the process `owner` is
    running.
    """

    def __init__(self, folder: Path, owner: str, ledger: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        take_rights(folder, ledger)
        why = why_not_ours(folder)
        if why:
            raise PermissionError(errno.EPERM, f"{folder.name} {why}", str(folder))
        self._path = folder / owner
        # The file gets its name after it is locked. So no process finds it unlocked and treats its
        # owner as ended.
        hidden = folder / f".{owner}"
        self._fd: int | None = os.open(
            hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600
        )
        try:
            take_rights(self._fd, ledger)
            wait_for_lock(self._fd)
        except OSError:
            _close(self._fd)
            _remove(hidden)  # or the next try would fail because the file exists
            raise
        try:
            os.rename(hidden, self._path)
        except OSError:  # pragma: no cover - Windows does not rename an open file
            self._path = hidden

    def close(self, *, kept: bool = False) -> None:
        """Release the lock of the file, so that other processes see that this process has ended.

        Removes the file unless `kept` is True. The file is kept in two cases: this process leaves
        open reservations, or a forked child closes only its copy of the handle.
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
    """Return those of `owners` whose process has ended: the file exists and no process holds its
    lock.

    Without a file, it is not known whether the process has ended. Its reservations end when they
    expire.
    """
    return frozenset(owner for owner in owners if _is_dead(folder / owner, folder / f".{owner}"))


def names_a_file(owner: object) -> bool:
    """Return whether a stored owner name, which may be damaged, can be a file name."""
    return (
        isinstance(owner, str)
        and owner.isprintable()
        and not owner.startswith(".")
        and not {"/", "\\"} & set(owner)
    )


def ended_owners(folder: Path) -> frozenset[str]:
    """Return the owner names of all ended processes that have a file in `folder`."""
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    # A name with a dot is a file that is still being created.
    return frozenset(n for n in names if not n.startswith(".") and _is_dead(folder / n))


def lives(folder: Path, owner: str) -> bool:
    """Return whether the process `owner` has a file in `folder` and is still running."""
    marks = folder / owner, folder / f".{owner}"
    return any(map(os.path.lexists, marks)) and not _is_dead(*marks)


def bury(folder: Path, owners: frozenset[str]) -> None:
    """Remove the files of ended processes. Call this after their reservations have ended."""
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
            free = try_lock(fd)
            if free:
                unlock(fd)
            return free
        finally:
            os.close(fd)
    return False
