"""Cancels a coroutine at each of its steps, for tests and for the proof."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Release
from tests.engine.support import GatedStore, gated, until

# The operations that a program awaits. Each function gets a keeper and an open call.
Operation = Callable[[Keeper, Any], Awaitable[object]]


async def _reserve_and_work(keeper: Keeper, call: Any) -> None:
    async with keeper.areserve("gemini") as inner:
        await inner.amark_sent()
        await inner.asettle(requests=1)


async def _reserve_and_fail(keeper: Keeper, call: Any) -> None:
    async with keeper.areserve("gemini"):
        await asyncio.Event().wait()


async def _gather(keeper: Keeper, call: Any) -> None:
    await asyncio.gather(*(_reserve_and_work(keeper, call) for _ in range(5)))


OPERATIONS: Mapping[str, Operation] = {
    "areserve": lambda keeper, call: _reserved(keeper),
    "async with areserve": _reserve_and_work,
    "async with areserve that never ends": _reserve_and_fail,
    "five at once": _gather,
    "amark_sent": lambda keeper, call: call.amark_sent(),
    "aextend": lambda keeper, call: call.aextend(100),
    "agrow": lambda keeper, call: call.agrow(input_tokens=3),
    "asettle": lambda keeper, call: call.asettle(requests=2),
    "arelease": lambda keeper, call: call.arelease(),
    "asettle by id": lambda keeper, call: keeper.asettle(call.id, requests=2),
    "arelease by id": lambda keeper, call: keeper.arelease(call.id),
    "arecord": lambda keeper, call: keeper.arecord("gemini", requests=2),
    "acheck": lambda keeper, call: keeper.acheck("gemini"),
    "astatus": lambda keeper, call: keeper.astatus(),
    "ausage": lambda keeper, call: keeper.ausage(),
    "averify": lambda keeper, call: keeper.averify(),
}


async def _reserved(keeper: Keeper) -> None:
    call = await keeper.areserve("gemini")
    await call.arelease()


# Where the store blocks meanwhile: nowhere, before it writes, or after it has written.
GATES = ("open", "before", "after")


def cancel_at(keeper: Keeper, operation: str, turns: int, gate: str) -> bool:
    """Cancel an operation after this many turns of the event loop. Returns False if it had ended before.

    Then check that only the earlier reservation is still held, and that the keeper still works.
    """
    ended = asyncio.run(_cancelled(keeper, operation, turns, gate))
    left = [hold.id for hold in keeper.reservations()]
    assert left == [], f"{operation} cancelled after {turns} turns, store {gate}: {left} held"
    return not ended


async def _cancelled(keeper: Keeper, operation: str, turns: int, gate: str) -> bool:
    call = await keeper.areserve("gemini", input_tokens=1)
    store: GatedStore = gated(keeper)
    store.forget()
    if gate != "open":
        getattr(store, gate).clear()
    task = asyncio.ensure_future(OPERATIONS[operation](keeper, call))
    for _ in range(turns):
        if task.done():
            break
        await asyncio.sleep(0)
    ended = task.done()
    task.cancel()
    store.before.set()
    store.after.set()
    await asyncio.gather(task, return_exceptions=True)
    keeper._engine.worker.store = store.inner
    # End the earlier call, unless the operation has ended it.
    keeper._engine.worker.post(Release(call.id))
    await keeper.astatus()
    call._ended = True
    until(lambda: keeper._engine.worker._queue.empty())
    await keeper.astatus()
    return ended
