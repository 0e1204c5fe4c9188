"""Many awaited calls of one event loop share one timer, and a closed loop is not kept in memory."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from weakref import ref

from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

TASKS, CALLS = 32, 5


def test_many_awaited_calls_share_one_timer(make: MakeKeeper) -> None:
    keeper = make(limit(10**6))
    timers: list[float] = []

    async def one() -> None:
        for _ in range(CALLS):
            async with keeper.areserve("gemini", requests=1) as call:
                await call.asettle(requests=1)

    async def all_of_them() -> None:
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def counted(delay: float, *given: Any) -> Any:
            timers.append(delay)
            return call_later(delay, *given)

        loop.call_later = counted  # type: ignore[method-assign]
        await asyncio.gather(*(one() for _ in range(TASKS)))

    asyncio.run(all_of_them())
    assert len(list(keeper.events())) == TASKS * CALLS
    assert len(timers) <= TASKS  # one for as long as any call waits; there are 320 waits


def test_a_closed_event_loop_is_collected(make: MakeKeeper) -> None:
    keeper = make(limit(10**6))

    async def one() -> ref[asyncio.AbstractEventLoop]:
        await keeper.arecord("gemini", requests=1)
        return ref(asyncio.get_running_loop())

    loop = asyncio.run(one())
    keeper.record("gemini", requests=1)  # the worker keeps its last item until the next one
    gc.collect()
    assert loop() is None
