"""Coroutines: cancellation at each point, and event loops that close before an answer arrives."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.domain.ledger.commands import Release
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from tests.engine.cancelling import GATES, OPERATIONS, cancel_at
from tests.engine.conftest import MakeKeeper
from tests.engine.support import GatedStore, gated, limit, until


def assert_nothing_is_held(keeper: Keeper) -> None:
    keeper.status()
    assert keeper.reservations() == []
    assert keeper.status().limits[0].used == 0
    assert keeper.verify() == []


def test_awaitable_methods_reserve_settle_and_record(make: MakeKeeper) -> None:
    async def work() -> None:
        async with make(limit(4), ledger="file") as keeper:
            async with keeper.areserve("gemini") as call:
                await call.amark_sent()
                await call.aextend(100)
                event = await call.asettle(requests=2)
            assert (await keeper.arecord("gemini", requests=1)).quantities == {"requests": 1}
            assert (await keeper.acheck("gemini", requests=2)).allowed is False
            released = await keeper.areserve("gemini")
            await released.arelease()
            status = await keeper.astatus()
            assert (status.limits[0].used, status.limits[0].reserved) == (3, 0)
            assert (await keeper.ausage(by=("provider",)))[0].calls == 2
            assert await keeper.averify() == []
            assert call.event == event
            with pytest.raises(LimitExceeded):
                await keeper.areserve("gemini", requests=2)

    asyncio.run(work())


@pytest.mark.parametrize(
    "point", ["unstarted", "queued", "before", "after", "delivered", "entered"]
)
def test_a_cancelled_areserve_holds_nothing_at_any_point(  # noqa: C901 - every point in one place
    make: MakeKeeper, point: str
) -> None:
    keeper = make(limit(10))
    store = gated(keeper)

    async def call() -> None:
        async with keeper.areserve("gemini"):
            await asyncio.Event().wait()

    async def work() -> None:
        store.forget()
        busy = threading.Thread(target=keeper.status)
        if point == "queued":  # behind a batch that does not end
            store.before.clear()
            keeper._engine.worker.post(_nothing())
            until(store.entered.is_set)
        if point == "before":
            store.before.clear()
        if point == "after":
            store.after.clear()
        task = asyncio.create_task(call())
        if point != "unstarted":
            await asyncio.sleep(0)  # the task runs up to its await
        if point == "before":
            until(store.entered.is_set)
        if point in ("after", "delivered"):
            until(store.applied.is_set)
        if point == "delivered":  # the answer is there, but the loop has not run since
            busy.start()
            busy.join()
        if point == "entered":
            while not task.done() and not keeper._engine.worker._queue.empty():
                await asyncio.sleep(0)
            until(store.applied.is_set)
            await keeper.astatus()
            await asyncio.sleep(0)
            assert len(keeper.reservations()) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        store.before.set()
        store.after.set()

    asyncio.run(work())
    assert_nothing_is_held(keeper)


def _nothing() -> Release:
    return Release("nothing")


@pytest.mark.parametrize("twin", ["asettle", "arecord", "amark_sent"])
@pytest.mark.parametrize("gate", ["before", "after"])
def test_a_cancelled_operation_that_reports_use_is_carried_out(
    make: MakeKeeper, twin: str, gate: str
) -> None:
    keeper = make(limit(10))
    store = gated(keeper)

    async def work() -> None:
        call = await keeper.areserve("gemini")
        store.forget()
        getattr(store, gate).clear()
        doing = {
            "asettle": lambda: call.asettle(requests=2),
            "arecord": lambda: keeper.arecord("gemini", requests=2),
            "amark_sent": call.amark_sent,
        }[twin]
        task = asyncio.ensure_future(doing())
        await asyncio.sleep(0)
        until(store.entered.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        getattr(store, gate).set()
        await keeper.astatus()
        if twin == "amark_sent":
            assert [hold.sent for hold in keeper.reservations()] == [True]
            call.release()
        else:
            assert [event.quantities["requests"] for event in keeper.events()] == [2]

    asyncio.run(work())
    assert keeper.verify() == []


def test_a_settle_cancelled_while_it_waits_in_the_queue_is_not_lost(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)

    async def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            async with keeper.areserve("gemini") as call:
                store.forget()
                store.before.clear()
                keeper._engine.worker.post(_nothing())
                until(store.entered.is_set)
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_soon(task.cancel)
                await call.asettle(requests=5)
        store.before.set()

    asyncio.run(work())
    assert keeper.status().limits[0].used == 5
    assert keeper.reservations() == []


def test_the_event_loop_runs_while_the_store_blocks(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)

    async def work() -> None:
        store.before.clear()
        task = asyncio.create_task(keeper.arecord("gemini"))
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not task.done()
        store.before.set()
        assert (await task).quantities == {"requests": 1}

    asyncio.run(work())


def test_many_coroutines_share_a_batch_and_one_wake(make: MakeKeeper) -> None:
    keeper = make(limit(1_000))
    store = gated(keeper)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        wakes = 0
        wake = loop.call_soon_threadsafe

        def counted(*given: object) -> asyncio.Handle:
            nonlocal wakes
            wakes += 1
            return wake(*given)  # type: ignore[arg-type]

        store.forget()
        store.before.clear()
        keeper._engine.worker.post(_nothing())
        until(store.entered.is_set)
        tasks = [asyncio.create_task(keeper.arecord("gemini")) for _ in range(64)]
        await asyncio.sleep(0)
        loop.call_soon_threadsafe = counted  # type: ignore[method-assign,assignment]
        store.batches.clear()
        store.before.set()
        await asyncio.gather(*tasks)
        assert (store.batches, wakes) == ([1, 64], 1)

    asyncio.run(work())


def test_an_answer_after_the_loop_was_closed_leaves_nothing_reserved(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    store.forget()
    store.before.clear()
    loop = asyncio.new_event_loop()
    pending = keeper.areserve("gemini")
    steps = pending.__await__()

    async def start() -> None:
        next(steps)  # steps by hand, so that closing the loop cancels nothing

    loop.run_until_complete(start())
    until(store.entered.is_set)
    loop.close()
    store.before.set()
    keeper.status()
    assert_nothing_is_held(keeper)
    steps.close()
    assert_nothing_is_held(keeper)


def test_a_settle_after_the_loop_was_closed_is_carried_out(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    call = asyncio.run(_reserved(keeper))
    call.settle(requests=3)  # type: ignore[attr-defined]
    assert asyncio.run(_used(keeper)) == 3
    again = asyncio.run(_reserved(keeper))
    asyncio.run(again.asettle(requests=1))  # type: ignore[attr-defined]
    assert asyncio.run(_used(keeper)) == 4


async def _reserved(keeper: Keeper) -> object:
    return await keeper.areserve("gemini")


async def _used(keeper: Keeper) -> int:
    return (await keeper.astatus()).limits[0].used


def _held_up(keeper: Keeper) -> GatedStore:
    store = gated(keeper)
    store.forget()
    store.before.clear()
    keeper._engine.worker.patience = 0.02
    return store


def test_a_coroutine_stops_waiting_after_its_patience(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = _held_up(keeper)

    async def work() -> None:
        with pytest.raises(LedgerUnavailableError, match="did not answer within"):
            await keeper.areserve("gemini")
        with pytest.raises(OutcomeUnknownError, match="my-id"):
            await keeper.arecord("gemini", event_id="my-id")

    asyncio.run(work())
    keeper._engine.worker.patience = 15
    store.before.set()
    event = keeper.record("gemini", event_id="my-id")  # the same id again
    assert keeper.reservations() == []
    assert [found.id for found in keeper.events()] == [event.id]


def test_a_thread_stops_waiting_after_its_patience(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = _held_up(keeper)
    started = time.monotonic()
    with pytest.raises(LedgerUnavailableError, match="did not answer within"):
        keeper.reserve("gemini")
    with pytest.raises(LedgerUnavailableError):
        keeper.status()
    assert time.monotonic() - started < 5
    with pytest.raises(OutcomeUnknownError):
        keeper.record("gemini", event_id="late")
    keeper._engine.worker.patience = 15
    store.before.set()
    assert keeper.status().limits[0].used == 1
    assert keeper.reservations() == []
    assert [event.id for event in keeper.events()] == ["late"]


def test_a_reservation_that_is_made_after_its_caller_gave_up_is_released(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    store = gated(keeper)
    store.forget()
    store.after.clear()  # the reservation is made, but no answer comes
    keeper._engine.worker.patience = 0.02
    with pytest.raises(LedgerUnavailableError):
        keeper.reserve("gemini")
    keeper._engine.worker.patience = 15
    store.after.set()
    assert_nothing_is_held(keeper)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_may_be_cancelled_after_any_number_of_turns(
    make: MakeKeeper, operation: str, gate: str
) -> None:
    keeper = make(limit(10**6))
    for turns in range(8):
        if not cancel_at(keeper, operation, turns, gate):
            break
    assert keeper.verify() == []
