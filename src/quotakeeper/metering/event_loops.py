"""Finds the event loop that a call runs on: asyncio, trio, or none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def running_loop() -> Any:
    """Return the running asyncio loop, or None. Does not import asyncio."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def run_in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread if trio is loaded; otherwise run it here."""
    trio: Any = sys.modules.get("trio")
    if trio is None:
        return work()
    done: T = await trio.to_thread.run_sync(work)
    return done


async def after_queued_jobs(put: Callable[[Callable[[], None]], None]) -> None:
    """Wait until all jobs that are now in a thread's queue are done.

    `put` adds a job to this queue. Without an asyncio loop, returns at once.
    """
    loop = running_loop()
    if loop is None:
        return
    done = loop.create_future()

    def tell() -> None:
        if not done.done():
            done.set_result(None)

    def job() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell)

    put(job)
    await done
