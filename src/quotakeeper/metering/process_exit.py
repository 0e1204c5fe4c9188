"""The ends of a process: its calls under way are ended by what was read, and are not a child's."""

from __future__ import annotations

import os
import sys
import weakref
from typing import Protocol

from quotakeeper.engine.worker.process_lifecycle import Resting, call_at_exit, lifecycle


class ExitListener(Resting, Protocol):
    """What has calls under way."""

    def end_open_calls(self) -> None:
        """The process ends."""


class _Registered:
    """What has been registered so far."""

    at_exit = False
    in_child = 0  # the process that has been told of its end as a child


_listeners: weakref.WeakSet[ExitListener] = weakref.WeakSet()


def settle_at_exit(meter: ExitListener) -> None:
    """Have a meter's calls ended at exit.

    Registered after the keeper's own end, so called before it.
    """
    _listeners.add(meter)
    lifecycle.join_as_user(meter)
    if not _Registered.at_exit:
        _Registered.at_exit = True
        call_at_exit(_end_open_calls)


def settle_at_child_exit() -> None:
    """A child that `multiprocessing` forked leaves without atexit, but tells its own."""
    util = sys.modules.get("multiprocessing.util")
    if util is not None and _Registered.in_child != os.getpid():
        _Registered.in_child = os.getpid()
        util.Finalize(None, _end_open_calls, exitpriority=100)


def _end_open_calls() -> None:
    for each in list(_listeners):
        each.end_open_calls()
