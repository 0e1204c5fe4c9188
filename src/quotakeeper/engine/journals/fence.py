"""A fence between a process that admits calls on leases and one that ends these leases for it.

The holder keeps a token in `<ledger>.lease-<owner>.fence`, mapped into its memory. It writes the line
of a call, then compares the token with the one that it read before it asked for the lease. Another
process writes a new token, then reads the holder's journal. Both look after they wrote, and a system
call stands between the two: so either the line is read there, or the holder sees the new token and
refuses the call (the order of Dekker's mutual exclusion). A token is compared by its value, so one
that is torn between two writers fits no lease either.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from mmap import mmap
from pathlib import Path

from quotakeeper.engine.journals.lease_journal import fence_path
from quotakeeper.file_safety import take_rights
from quotakeeper.identifiers import random_bytes

TOKEN_BYTES = 8
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Fence:
    """The fence of this process. `page` holds the token; who fences this process changes it there."""

    def __init__(self, ledger: Path, owner: str) -> None:
        """Make the file, all of it. Raises OSError, or ValueError where it cannot be mapped."""
        self._path = fence_path(ledger, owner)
        fd = os.open(self._path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            take_rights(fd, ledger)
            if os.write(fd, random_bytes(TOKEN_BYTES)) != TOKEN_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            self.page = mmap(fd, TOKEN_BYTES)
        except BaseException:
            self.remove()
            raise
        finally:
            os.close(fd)

    @property
    def token(self) -> bytes:
        """The token as it is now: to be read before a lease is asked for, not after."""
        return self.page[:TOKEN_BYTES]

    def remove(self) -> None:
        """No lease is left that was granted behind it."""
        with suppress(OSError):
            self._path.unlink()


def fence(ledger: Path, owner: str) -> None:
    """Have a process refuse whatever it has not yet written to its journal.

    Raises OSError where that process has no fence, or where this one may not change it; ValueError
    where the file cannot be mapped.
    """
    fd = os.open(fence_path(ledger, owner), _FLAGS)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size < TOKEN_BYTES:
            raise OSError(errno.EINVAL, "is no fence of a process that holds leases")
        with mmap(fd, TOKEN_BYTES) as page:
            page[:TOKEN_BYTES] = random_bytes(TOKEN_BYTES)
            page.flush()
    finally:
        os.close(fd)
