"""Who asks for a call: a thread or a task, and whether it may be made to wait."""

from __future__ import annotations

import sys
from threading import local
from typing import Any
from weakref import ref

from quotakeeper.native_threads import on_green_hub


class ThreadMark:
    """Stands for one thread; the number of a thread that has ended is given to another."""

    __slots__ = ("__weakref__",)


class _Marks(local):
    def __init__(self) -> None:
        self.mark = ThreadMark()


_marks = _Marks()

# A task by a weak reference, a thread by its mark: equal for the same caller only.
Caller = ref[Any] | ThreadMark


def current_caller() -> Caller:
    """The task that runs here, or else the thread."""
    task = _asyncio_task() or _trio_task()
    return _marks.mark if task is None else ref(task)


def on_event_loop() -> bool:
    """Whether an event loop runs in this thread, so that whoever blocks it stops all its tasks."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return True
    return on_green_hub() or _trio_task() is not None


def _asyncio_task() -> Any:
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None or asyncio._get_running_loop() is None:
        return None
    return asyncio.current_task()


def _trio_task() -> Any:
    trio: Any = sys.modules.get("trio")
    lowlevel = getattr(trio, "lowlevel", None)
    if lowlevel is None:
        return None
    try:
        return lowlevel.current_task()
    except RuntimeError:
        return None
