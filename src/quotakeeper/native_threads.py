"""Threads, locks and queues of the operating system, even in programs with green threads.

gevent and eventlet can replace Python's threads with green threads. A green thread runs only while
its native thread does nothing else. If a caller waits for a green worker on a native lock, the
worker never runs. So all code that waits for the ledger takes its threads and locks from this
module. The names in this module are native, even if a library has patched `threading`.
"""

from __future__ import annotations

import _thread
import sys
import threading
from typing import Any

try:
    from _queue import Empty, SimpleQueue  # written in C, so no library patches it
except ImportError:  # pragma: no cover - a Python other than CPython
    from queue import Empty, SimpleQueue

__all__ = [
    "Empty", "Lock", "RLock", "SimpleQueue", "are_green", "get_ident", "get_native_id",
    "has_daemon_threads", "is_starting_threads", "on_green_hub", "start_native",
]  # fmt: skip


def _native(name: str) -> Any:
    """Return the object that `_thread` had under this name before a library patched `_thread`."""
    gevent: Any = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_object_patched("_thread", name):
        return gevent.get_original("_thread", name)
    eventlet: Any = sys.modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("thread"):
        return getattr(eventlet.original("_thread"), name)
    return getattr(_thread, name)


Lock = _native("allocate_lock")
RLock = _native("RLock")
get_ident = _native("get_ident")
get_native_id = _native("get_native_id")
start_native = _native("start_new_thread")


def are_green() -> bool:
    """Whether `threading.Thread` now makes green threads."""
    gevent: Any = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        return True
    eventlet: Any = sys.modules.get("eventlet.patcher")
    return eventlet is not None and bool(eventlet.is_monkey_patched("thread"))


def has_daemon_threads() -> bool:
    """Whether this interpreter allows daemon threads.

    An isolated sub-interpreter does not allow them. Python reports this from 3.12 on.
    """
    allowed: Any = getattr(_thread, "daemon_threads_allowed", None)
    return allowed is None or bool(allowed())


def is_starting_threads() -> bool:
    """Whether `threading` is starting a thread right now.

    A signal handler may interrupt this start. If the handler then calls `Thread.start`, the call
    blocks for ever.
    """
    lock: Any = getattr(threading, "_active_limbo_lock", None)
    if lock is None or not lock.acquire(blocking=False):
        return lock is not None
    lock.release()
    return False


def on_green_hub() -> bool:
    """Whether green threads run in this native thread. A call that blocks this thread stops all of
    them."""
    gevent: Any = sys.modules.get("gevent._hub_local")
    if gevent is not None and gevent.get_hub_if_exists() is not None:
        return True
    eventlet: Any = sys.modules.get("eventlet.hubs")
    return getattr(getattr(eventlet, "_threadlocal", None), "hub", None) is not None
