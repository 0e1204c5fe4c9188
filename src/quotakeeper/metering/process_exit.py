"""The ends of a process: its calls under way are ended by what was read, and are not a child's."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from typing import Protocol

from quotakeeper.engine.worker.process_lifecycle import Resting, lifecycle


class Leaving(Resting, Protocol):
    """What has calls under way."""

    def leave(self) -> None:
        """The process ends."""


class _Expected:
    """What has been registered so far."""

    at_exit = False
    in_child = 0  # the process that has been told of its end as a child


_leaving: weakref.WeakSet[Leaving] = weakref.WeakSet()


def settle_at_exit(meter: Leaving) -> None:
    """Have a meter's calls ended at exit.

    Registered after the keeper's own end, so called before it.
    """
    _leaving.add(meter)
    lifecycle.join_as_user(meter)
    if not _Expected.at_exit:
        _Expected.at_exit = True
        atexit.register(_leave)


def settle_at_child_exit() -> None:
    """A child that `multiprocessing` forked leaves without atexit, but tells its own."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and _Expected.in_child != os.getpid():
        _Expected.in_child = os.getpid()
        util.Finalize(None, _leave, exitpriority=100)


def _leave() -> None:
    for each in list(_leaving):
        each.leave()
