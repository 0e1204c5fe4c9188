"""Threads, locks and queues of the operating system, also where a program has green ones instead.

gevent and eventlet put green threads in the place of Python's own, when they are told to patch the
standard library. A green thread runs only while no other of its native thread does. So a worker that
turned green never runs while a caller waits for it on a native lock, and the reverse. What waits for
the ledger takes everything from here: then it does not matter who patched what, and when.
"""

from __future__ import annotations

import _thread
import sys
import threading
from typing import Any

try:
    from _queue import Empty, SimpleQueue  # written in C: nobody patches it
except ImportError:  # pragma: no cover - another Python than CPython
    from queue import Empty, SimpleQueue

__all__ = [
    "Empty", "Lock", "RLock", "SimpleQueue", "are_green", "get_ident", "get_native_id",
    "has_daemon_threads", "is_starting_threads", "on_green_hub", "start_native",
]  # fmt: skip


def _native(name: str) -> Any:
    """A name of `_thread` as it was before anybody patched it."""
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
    """Whether `threading.Thread` makes green threads now."""
    gevent: Any = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        return True
    eventlet: Any = sys.modules.get("eventlet.patcher")
    return eventlet is not None and bool(eventlet.is_monkey_patched("thread"))


def has_daemon_threads() -> bool:
    """Whether this interpreter may have threads that end with it. An isolated sub-interpreter may
    not; Python tells from 3.12 on."""
    allowed: Any = getattr(_thread, "daemon_threads_allowed", None)
    return allowed is None or bool(allowed())


def is_starting_threads() -> bool:
    """Whether a thread is being started somewhere: perhaps by the code that a signal handler, in
    which this runs, has interrupted. `Thread.start` would then wait for ever."""
    lock: Any = getattr(threading, "_active_limbo_lock", None)
    if lock is None or not lock.acquire(blocking=False):
        return lock is not None
    lock.release()
    return False


def on_green_hub() -> bool:
    """Whether green threads run in this native thread: who blocks it stops all of them."""
    gevent: Any = sys.modules.get("gevent._hub_local")
    if gevent is not None and gevent.get_hub_if_exists() is not None:
        return True
    eventlet: Any = sys.modules.get("eventlet.hubs")
    return getattr(getattr(eventlet, "_threadlocal", None), "hub", None) is not None
