"""The operating system's exclusive locks on open files: `flock`, or `msvcrt.locking` on Windows."""

from __future__ import annotations

import sys

if sys.platform == "win32":  # pragma: no cover - not executed here
    import msvcrt
    import os

    from quotakeeper.clocks import SystemClock

    def try_lock(fd: int) -> bool:
        """Lock an open file. Returns False if another handle holds the lock."""
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_for_lock(fd: int) -> None:
        """Lock an open file. Waits without a time limit while another handle holds the lock."""
        while not try_lock(fd):
            SystemClock().sleep(0.002)

    def unlock(fd: int) -> None:
        """Release the lock of an open file."""
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(fd: int) -> bool:
        """Lock an open file. Returns False if another handle holds the lock."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_for_lock(fd: int) -> None:
        """Lock an open file, and wait for it without a time limit."""
        # The kernel wakes waiters of flock in order, so the lock is fair.
        fcntl.flock(fd, fcntl.LOCK_EX)

    def unlock(fd: int) -> None:
        """Release the lock of an open file."""
        fcntl.flock(fd, fcntl.LOCK_UN)
