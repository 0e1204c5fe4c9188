"""Waits in a coroutine for the answer to a work item, with a time limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from quotakeeper.engine.worker.work_items import WorkItem

if TYPE_CHECKING:
    import asyncio

_TOO_SLOW = "quotakeeper: no answer in time"
_LOOK_SECONDS = 1.0


class _Deadlines:
    """Cancels work items that coroutines await, when their time limits end.

    There is one timer for each event loop. A timer for each item would take a twentieth of a call's
    processor time. An item may be cancelled up to a second late.
    """

    def __init__(self) -> None:
        self._due: dict[asyncio.Future[None], float] = {}
        self._timer: Any = None

    def add(
        self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[None], seconds: float
    ) -> None:
        """Cancel `future` after `seconds`, unless `drop` is called for it before."""
        self._due[future] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(min(seconds, _LOOK_SECONDS), self._look, loop)

    def drop(self, future: asyncio.Future[None]) -> None:
        """Remove the time limit of `future`. Stops the timer if no other future remains.

        A running timer would keep a closed loop in memory.
        """
        self._due.pop(future, None)
        if not self._due and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for future, due in list(self._due.items()):
            if due <= now:
                future.cancel(_TOO_SLOW)
        self._timer = loop.call_later(_LOOK_SECONDS, self._look, loop)


_deadlines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Deadlines] = WeakKeyDictionary()


def _deadlines_of(loop: asyncio.AbstractEventLoop) -> _Deadlines:
    try:
        return _deadlines.get(loop) or _deadlines.setdefault(loop, _Deadlines())
    except (
        TypeError
    ):  # a loop of another library that has no weak references: a timer for each item
        return _Deadlines()


async def until_answered(
    item: WorkItem, put: Callable[[WorkItem], None], leave: Callable[[WorkItem], None],
    seconds: float,
) -> bool:  # fmt: skip
    """Pass an item to `put` and wait for its answer. Returns False if no answer comes in `seconds`.

    If the wait ends without an answer, `leave` is called with the item.
    """
    import asyncio  # noqa: PLC0415 - its import takes a tenth of a second

    loop = asyncio.get_running_loop()
    future = item.expect_in(loop)
    put(item)
    deadlines = _deadlines_of(loop)
    deadlines.add(loop, future, seconds)
    try:
        await future
    except BaseException as error:
        leave(item)
        if isinstance(error, asyncio.CancelledError) and error.args == (_TOO_SLOW,):
            return False
        raise
    finally:
        deadlines.drop(future)
    return True
