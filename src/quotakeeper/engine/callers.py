"""Identifies the caller (a thread or a task), and reports whether the caller may block."""

from __future__ import annotations

import sys
from threading import local
from typing import Any
from weakref import ref

from quotakeeper.native_threads import on_green_hub


class ThreadMark:
    """Identifies one thread. Thread numbers are not unique: the system reuses them."""

    __slots__ = ("__weakref__",)


class _Marks(local):
    def __init__(self) -> None:
        self.mark = ThreadMark()


_marks = _Marks()

# A weak reference to a task, or the mark of a thread. Equal values mean the same caller.
Caller = ref[Any] | ThreadMark


def current_caller() -> Caller:
    """Return the task that runs in this thread; without a task, the thread itself."""
    asyncio: Any = sys.modules.get("asyncio")
    task = None
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task = asyncio.current_task()
    if task is None and "trio" in sys.modules:
        task = _trio_task()
    return _marks.mark if task is None else ref(task)


def on_event_loop() -> bool:
    """Whether an event loop runs in this thread. Blocking this thread would stop all tasks of the
    loop."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return True
    return on_green_hub() or _trio_task() is not None


def _trio_task() -> Any:
    trio: Any = sys.modules.get("trio")
    lowlevel = getattr(trio, "lowlevel", None)
    if lowlevel is None:
        return None
    try:
        return lowlevel.current_task()
    except RuntimeError:
        return None
