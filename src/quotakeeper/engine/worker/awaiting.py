"""How a coroutine waits for the answer to a work item: on a future, and for so long at most."""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.engine.worker.work_items import WorkItem

_TOO_SLOW = "quotakeeper: no answer in time"


async def until_answered(
    item: WorkItem, put: Callable[[WorkItem], None], leave: Callable[[WorkItem], None],
    seconds: float,
) -> bool:  # fmt: skip
    """Hand over an item by `put` and wait for its answer; False when it does not come in time.

    `leave` is given an item that nobody waits for any longer.
    """
    import asyncio  # noqa: PLC0415 - costs a tenth of a second that a program without it saves

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
