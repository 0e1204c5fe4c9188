"""Waits in a coroutine for the answer to a work item, with a time limit."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.engine.worker.work_items import WorkItem

_TOO_SLOW = "quotakeeper: no answer in time"


async def until_answered(
    item: WorkItem, put: Callable[[WorkItem], None], leave: Callable[[WorkItem], None],
    seconds: float,
) -> bool:  # fmt: skip
    """Pass an item to `put` and wait for its answer. Returns False if none comes within `seconds`.

    `leave` is called with an item that is not awaited any more.
    """
    import asyncio  # noqa: PLC0415 - its import takes a tenth of a second

    loop = asyncio.get_running_loop()
    future = item.expect_in(loop)
    put(item)
    limit = loop.call_later(seconds, future.cancel, _TOO_SLOW)
    try:
        await future
    except BaseException as error:
        leave(item)
        if isinstance(error, asyncio.CancelledError) and error.args == (_TOO_SLOW,):
            return False
        raise
    finally:
        limit.cancel()
    return True
