"""`on_busy`: a call waits while other calls hold the room it needs, but never while its own thread does."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded, PausedError
from quotakeeper.engine.denied_calls import BUSY_PAUSE_SECONDS, ON_LOOP, OWN
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.room import OVERTAKEN_SECONDS, Room
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import SECONDS, config, limit, python, said, until


class Scripted(FakeClock):
    """A clock that runs the next of `acts` each time a call sleeps."""

    def __init__(self) -> None:
        super().__init__("2026-11-23T12:00:00Z")
        self.acts: list[Callable[[], object]] = []
        self.parked = threading.Event()  # until it is set, other threads stay asleep
        self.parked.set()

    def sleep(self, seconds: float) -> None:
        if threading.current_thread() is not threading.main_thread():
            assert self.parked.wait(SECONDS)
            return
        super().sleep(seconds)
        if self.acts:
            self.acts.pop(0)()


@pytest.fixture
def clock() -> Scripted:
    return Scripted()


def elsewhere(act: Callable[[], Any]) -> Any:
    """Run a function in another thread and return its result."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


def held_elsewhere(keeper: Keeper, amount: int = 10, **more: Any) -> Reservation:
    call: Reservation = elsewhere(lambda: keeper.reserve("gemini", requests=amount, **more))
    return call


def test_a_call_waits_for_the_calls_that_hold_its_room(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    clock.acts = [lambda: None, lambda: None, lambda: other.settle(requests=3)]
    call = keeper.reserve("gemini", requests=7)
    assert len(clock.slept) == 3
    assert call.decision.basis is not None and call.decision.basis.waited_ms > 0
    (standing,) = keeper.status().limits
    assert (standing.used, standing.reserved) == (3, 7)


def test_a_wait_ends_after_thirty_seconds_and_the_error_says_so(
    make: MakeKeeper, clock: Scripted
) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini", requests=1)
    assert sum(clock.slept) == pytest.approx(30)
    assert max(clock.slept) <= BUSY_PAUSE_SECONDS
    decision = caught.value.decision
    assert decision.is_held and decision.blocking.is_held and not decision.blocking.is_used_up
    assert decision.basis is not None and decision.basis.waited_ms == 30_000
    text = str(caught.value)
    assert "has no room until running calls end" in text and "waited 30 s" in text
    assert "raise busy_seconds" in text
    other.release()


@pytest.mark.parametrize(("seconds", "slept"), [(0, 0), (2, 2)])
def test_the_longest_wait_is_a_setting(
    make: MakeKeeper, clock: Scripted, seconds: int, slept: int
) -> None:
    keeper = make(limit(10), busy_seconds=seconds)
    other = held_elsewhere(keeper)
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", requests=1)
    assert sum(clock.slept) == pytest.approx(slept)
    other.release()


def test_on_busy_refuse_does_not_wait(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10), on_busy="refuse")
    other = held_elsewhere(keeper)
    with pytest.raises(LimitExceeded, match='set on_busy = "wait"'):
        keeper.reserve("gemini", requests=1)
    assert clock.slept == []
    other.release()


def test_reserve_at_once_does_not_wait_under_any_policy(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", requests=1, at_once=True)
    assert clock.slept == []
    other.release()


def test_a_call_does_not_wait_for_room_that_is_used_up(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    keeper.record("gemini", requests=8)
    other = held_elsewhere(keeper, 1)
    with pytest.raises(LimitExceeded, match="is used up") as caught:
        keeper.reserve("gemini", requests=3)
    assert clock.slept == [] and caught.value.decision.blocking.is_used_up
    assert not caught.value.decision.is_held
    other.release()


def test_a_wait_ends_as_soon_as_the_limit_is_used_up(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    clock.acts = [lambda: other.settle(requests=10)]
    with pytest.raises(LimitExceeded, match="is used up"):
        keeper.reserve("gemini", requests=1)
    assert len(clock.slept) == 1


def test_a_call_larger_than_the_limit_does_not_wait(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    with pytest.raises(LimitExceeded, match="is smaller than this call"):
        keeper.reserve("gemini", requests=11)
    assert clock.slept == []
    other.release()


def test_a_thread_does_not_wait_for_its_own_reservation(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper, 9)
    own = keeper.reserve("gemini", requests=1)
    with pytest.raises(LimitExceeded, match=OWN):
        keeper.reserve("gemini", requests=1)
    assert clock.slept == []
    own.release()
    clock.acts = [other.release]
    keeper.reserve("gemini", requests=10).release()


def test_a_thread_waits_although_it_holds_a_reservation_under_another_limit(
    make: MakeKeeper, clock: Scripted
) -> None:
    keeper = make(limit(10), limit(5, name="other", provider="deepgram"))
    own = keeper.reserve("deepgram", requests=5)
    other = held_elsewhere(keeper)
    clock.acts = [other.release]
    keeper.reserve("gemini").release()
    assert len(clock.slept) == 1 and clock.acts == []  # one wait, for the other thread's call
    own.release()


def test_a_task_does_not_wait_for_its_own_reservation(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))

    async def go() -> None:
        async with keeper.areserve("gemini", requests=10):
            with pytest.raises(LimitExceeded, match=OWN):
                await keeper.areserve("gemini")
        assert clock.slept == []

    asyncio.run(go())


def test_a_task_waits_for_another_task_while_the_loop_runs(make: MakeKeeper, path: Path) -> None:
    from quotakeeper.clocks import SystemClock

    keeper = make(limit(10), clock=SystemClock())

    async def go() -> int:
        begun, turns = asyncio.Event(), 0

        async def holder() -> None:
            async with keeper.areserve("gemini", requests=10) as call:
                begun.set()
                await asyncio.sleep(0.05)
                await call.asettle(requests=1)

        holding = asyncio.create_task(holder())
        await begun.wait()
        waiting = asyncio.create_task(keeper._areserve("gemini", requests=9))
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0)
        await holding
        await (await waiting).arelease()
        return turns

    assert asyncio.run(go()) > 10


def test_a_sync_call_on_an_event_loop_is_refused_at_once(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)

    async def go() -> None:
        with pytest.raises(LimitExceeded) as caught:
            keeper.reserve("gemini")
        assert ON_LOOP in str(caught.value)

    asyncio.run(go())
    assert clock.slept == []
    other.release()


def test_a_cancelled_task_stops_waiting(make: MakeKeeper) -> None:
    from quotakeeper.clocks import SystemClock

    keeper = make(limit(10), clock=SystemClock())
    other = held_elsewhere(keeper)

    async def go() -> None:
        waiting = asyncio.create_task(keeper._areserve("gemini"))
        while keeper._parts.room.is_empty:
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(go())
    assert keeper._parts.room.is_empty
    other.release()
    assert keeper.status().limits[0].reserved == 0


def test_a_signal_ends_a_wait_and_leaves_nothing_behind(make: MakeKeeper, clock: Scripted) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    clock.acts = [lambda: signal.raise_signal(signal.SIGINT)]
    with pytest.raises(KeyboardInterrupt):
        keeper.reserve("gemini")
    assert keeper._parts.room.is_empty
    other.release()
    keeper.reserve("gemini", requests=10).release()


def test_a_signal_handler_that_reserves_during_a_wait_is_refused_at_once(
    make: MakeKeeper, clock: Scripted
) -> None:
    keeper = make(limit(10))
    other = held_elsewhere(keeper)
    heard: list[str] = []

    def handler(*_: object) -> None:
        with pytest.raises(LimitExceeded) as caught:
            keeper.reserve("gemini")
        heard.append(str(caught.value))
        other.release()

    before = signal.signal(signal.SIGTERM, handler)
    try:
        clock.acts = [lambda: signal.raise_signal(signal.SIGTERM)]
        keeper.reserve("gemini").release()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(heard) == 1 and "another call of this thread or task is already waiting" in heard[0]


def test_a_new_call_does_not_overtake_a_waiting_call_for_ever(
    make: MakeKeeper, clock: Scripted
) -> None:
    keeper = make(limit(10))
    small, order = held_elsewhere(keeper, 5), []
    late = threading.Thread(target=lambda: newcomer("late"))

    def newcomer(name: str) -> None:
        """A small call that fits at once."""
        keeper.reserve("gemini", requests=1).release()
        order.append(name)

    def comes_late() -> None:
        late.start()
        until(lambda: len(keeper._parts.room.waiting) == 2)
        small.release()

    clock.parked.clear()
    overtaking = [lambda: elsewhere(lambda: newcomer("early"))]
    clock.acts = [*overtaking, *[lambda: clock.advance(seconds=OVERTAKEN_SECONDS)], comes_late]
    large = keeper.reserve("gemini", requests=10)
    order.append("large")
    large.release()
    clock.parked.set()
    late.join(SECONDS)
    assert order == ["early", "large", "late"]


def test_waiting_calls_are_admitted_in_their_order(make: MakeKeeper) -> None:
    from quotakeeper.clocks import SystemClock

    keeper = make(limit(10), clock=SystemClock())
    other = held_elsewhere(keeper)
    order: list[int] = []

    def ask(number: int) -> None:
        call = keeper.reserve("gemini", requests=10)
        order.append(number)
        call.release()

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=ask, args=(number,)))
        threads[-1].start()
        until(lambda: len(keeper._parts.room.waiting) > number)  # noqa: B023 - at once
    other.release()
    for thread in threads:
        thread.join(SECONDS)
    assert order == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_twenty_threads_of_large_calls_are_all_admitted_within_the_limit(
    make: MakeKeeper, ledger: str
) -> None:
    from quotakeeper.clocks import SystemClock

    keeper = make(limit("1.00", meter="cost"), ledger=ledger, clock=SystemClock())
    most: dict[str, Any] = {"model": "gemini-2.5-flash", "input_tokens": 1_000,
                            "output_tokens": 65_536}  # fmt: skip
    barrier = threading.Barrier(20)

    def work(_: int) -> None:
        barrier.wait()
        with keeper.reserve("gemini", **most) as call:
            call.settle(input_tokens=900, output_tokens=300)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    (standing,) = keeper.status().limits
    assert standing.reserved == 0 and 0 < standing.used < standing.limit.amount
    assert len(list(keeper.events())) == 20 and keeper.verify() == []


def test_a_wait_ends_when_another_process_frees_room(path: Path) -> None:
    child = python(_HOLDS, path)
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline() == "held\n"
    with Keeper(path, config(limit(10)), "process") as keeper:
        asked = threading.Thread(target=lambda: child.stdin and child.stdin.close())
        room: Room = keeper._parts.room
        calls: list[Reservation] = []
        waiting = threading.Thread(target=lambda: calls.append(keeper.reserve("gemini")))
        waiting.start()
        until(lambda: not room.is_empty)
        asked.start()
        waiting.join(SECONDS)
        assert len(calls) == 1
        calls[0].release()
    child.stdin = None
    assert said(child) == ""


_HOLDS = """
import sys
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10}
config = {"timezone": "UTC", "default_limits": False, "limit": [limit]}
with Keeper(sys.argv[1], config, "process") as keeper:
    call = keeper.reserve("gemini", requests=10)
    print("held", flush=True)
    sys.stdin.read()
    call.release()
"""


def test_a_thread_does_not_wait_for_its_own_call_on_a_lease(
    make: MakeKeeper, clock: Scripted
) -> None:
    keeper = make(limit(100), lease=20)
    asked: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 1}
    keeper.reserve("gemini", **asked).release()
    own = keeper.reserve("gemini", **asked)
    assert type(own).__name__ == "LeasedReservation"
    with pytest.raises(LimitExceeded, match=OWN):
        keeper.reserve("gemini", **asked, requests=100)
    own.release()
    keeper.reserve("gemini", **asked, requests=100).release()


@pytest.mark.parametrize("way", ["httpx async", "aiohttp", "requests"])
def test_a_hooked_call_waits_like_a_keepers(way: str, tmp_path: Path) -> None:
    import quotakeeper
    from quotakeeper.sandbox.server import Sandbox
    from tests.intercept.conftest import HEADERS, WAYS, generate, prompt

    tokens = {"name": "room for one", "meter": "output_tokens", "window": "month", "amount": 70_000}
    uncapped = prompt(maxOutputTokens=None)
    with Sandbox() as sandbox, Keeper(tmp_path / "l.db", config(tokens), "process") as keeper:
        with quotakeeper.watch(keeper), ThreadPoolExecutor(6) as pool:
            url = generate(sandbox.base_url)
            answers = pool.map(lambda _: WAYS[way](url, uncapped, HEADERS).status, range(12))
            assert list(answers) == [200] * 12
        assert keeper.verify() == []


@pytest.mark.parametrize("on_limit", ["raise", "wait"])
def test_a_pause_ends_a_wait_at_once(make: MakeKeeper, clock: Scripted, on_limit: str) -> None:
    keeper = make(limit(10), on_limit=on_limit)
    make.unproved = True  # the proof does not model pauses
    other = held_elsewhere(keeper)
    clock.acts = [lambda: keeper.pause(why="too dear")]
    with pytest.raises(PausedError):
        keeper.reserve("gemini")
    assert len(clock.slept) == 1
    other.release()
