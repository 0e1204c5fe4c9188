"""A fence: stops a process from admitting calls on leases that another process ends.

The process with the leases maps the file `<ledger>.lease-<owner>.fence` into its memory. The file
contains a token. The process reads and remembers the token before it requests a lease. To admit a
call, it writes the call's journal line. Then it compares the token in the file with the remembered
one.

The other process writes a new token, and then reads the journal. Each process first writes and then
reads, with a system call in between. So at least one of the two notices the other. Either the other
process reads the line, or the process with the leases finds the new token and refuses the call.
This is the order of Dekker's mutual exclusion. If two processes write tokens at the same time, the
file may get a mixture of both. A mixture differs from the remembered token too.
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
    """The fence of this process. `page` is the mapped token.

    Another process ends leases of this process by changing the token.
    """

    def __init__(self, ledger: Path, owner: str) -> None:
        """Create the file with a token. Raises OSError, or ValueError if the file cannot be mapped."""
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
        """The present token. Read it before a lease is requested, not afterwards."""
        return self.page[:TOKEN_BYTES]

    def remove(self) -> None:
        """Remove the file. Call this only when all leases that were granted with this fence have
        ended."""
        with suppress(OSError):
            self._path.unlink()


def fence(ledger: Path, owner: str) -> None:
    """Make the process `owner` refuse all calls that it has not yet written to its journal.

    Raises OSError if the process has no fence, or if this process may not change the fence. Raises
    ValueError if the file cannot be mapped.
    """
    fd = os.open(fence_path(ledger, owner), _FLAGS)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size < TOKEN_BYTES:
            raise OSError(errno.EINVAL, "is not the fence file of a process that holds leases")
        with mmap(fd, TOKEN_BYTES) as page:
            page[:TOKEN_BYTES] = random_bytes(TOKEN_BYTES)
            page.flush()
    finally:
        os.close(fd)
