"""The event loop a call is made on: asyncio's, perhaps trio's, or none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def running_loop() -> Any:
    """The asyncio loop that runs here, or None. Loads nothing: who runs on asyncio has it."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def run_in_thread(work: Callable[[], T]) -> T:
    """Do something that blocks in a thread, where another loop than asyncio's is trio's."""
    trio: Any = sys.modules.get("trio")
    if trio is None:
        return work()
    done: T = await trio.to_thread.run_sync(work)
    return done


async def after_queued_jobs(put: Callable[[Callable[[], None]], None]) -> None:
    """Wait for one's turn in a thread's row of jobs."""
    loop = running_loop()
    if loop is None:
        return
    done = loop.create_future()

    def tell() -> None:
        if not done.done():
            done.set_result(None)

    def job() -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(tell)

    put(job)
    await done
