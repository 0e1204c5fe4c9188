"""Runs a function as another Unix user, for tests that root runs: in a forked process with
that user's ids.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import NamedTuple

import pytest

needs_users = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="no second user without root"
)


class User(NamedTuple):
    """A user by numeric ids. The machine need not have a name for it."""

    uid: int
    groups: tuple[int, ...]  # the first is the primary group

    def run(self, act: Callable[[], None]) -> None:
        """Run the function in a process of this user. Raises AssertionError with any exception from there."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read)
                os.setgroups(self.groups)
                os.setresgid(*(self.groups[0],) * 3)
                os.setresuid(*(self.uid,) * 3)
                os.umask(0o077)
                act()
                code = 0
            except BaseException:  # noqa: BLE001 - told to the process that started it
                os.write(write, traceback.format_exc().encode()[-60_000:])
            os._exit(code)
        os.close(write)
        with open(read, encoding="utf-8") as pipe:
            told = pipe.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, told
