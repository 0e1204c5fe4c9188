"""Ends the open calls when a process exits, also in a child that `multiprocessing` made."""

from __future__ import annotations

import os
import sys
import weakref
from typing import Protocol

from quotakeeper.engine.worker.process_lifecycle import Resting, call_at_exit, lifecycle


class ExitListener(Resting, Protocol):
    """An object that has open calls, such as a meter."""

    def end_open_calls(self) -> None:
        """End all open calls, because the process exits."""


class _Registered:
    """Which exit functions were registered so far."""

    at_exit = False
    in_child = 0  # the id of the child process that has registered


_listeners: weakref.WeakSet[ExitListener] = weakref.WeakSet()


def settle_at_exit(meter: ExitListener) -> None:
    """Register a meter, so that its open calls are ended when the process exits.

    They are ended before the keeper is closed: exit functions run in reverse order, and the
    keeper's was registered earlier.
    """
    _listeners.add(meter)
    lifecycle.join_as_user(meter)
    if not _Registered.at_exit:
        _Registered.at_exit = True
        call_at_exit(_end_open_calls)


def settle_at_child_exit() -> None:
    """Register the end of open calls in a child that `multiprocessing` forked.

    This is needed because these children do not run atexit functions.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is not None and _Registered.in_child != os.getpid():
        _Registered.in_child = os.getpid()
        util.Finalize(None, _end_open_calls, exitpriority=100)


def _end_open_calls() -> None:
    for each in list(_listeners):
        each.end_open_calls()
