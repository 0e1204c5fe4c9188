"""A signal handler that runs at any instruction of a lease may use the keeper or raise."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.engine.leases import admitter, fast_path, lease_room, leased_reservation
from quotakeeper.engine.leases.lease_room import LeaseRoom
from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 100, "output_tokens": 20}
NEEDS = (("requests", 1), ("input_tokens", 9))


class Interruption:
    """Calls a function once, before instruction number `at`. `count` is how many instructions ran."""

    def __init__(self, modules: tuple[ModuleType, ...], number: int, act: Callable[[], None]):
        self.count = 0
        self._files = {module.__file__ for module in modules}
        self._number = number
        self._act = act

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.count += 1
            if self.count == self._number:
                self._act()  # on top of the frame, where Python runs a signal handler
        return self.trace


@contextmanager
def interrupted(
    modules: tuple[ModuleType, ...], number: int, act: Callable[[], None]
) -> Iterator[Interruption]:
    before, interruption = sys.gettrace(), Interruption(modules, number, act)
    sys._getframe().f_trace_opcodes = True  # else 3.12 traces no instruction of the first frame
    sys.settrace(interruption.trace)
    try:
        yield interruption
    finally:
        sys.settrace(before)


class Call:
    """The parts of a call that a lease's room reads."""

    def __init__(self, name: str) -> None:
        self.id = name


def every_instruction(
    modules: tuple[ModuleType, ...], run: Callable[[int, Callable[..., Any]], None]
) -> int:
    """Call `run` with 1, 2, ... until there is no such instruction. Returns how many there are."""
    number = 0
    while True:
        number += 1
        seen: list[Interruption] = []

        @contextmanager
        def at(act: Callable[[], None], number: int = number, seen: Any = seen) -> Iterator[None]:
            with interrupted(modules, number, act) as interruption:
                seen.append(interruption)
                yield

        run(number, at)
        if seen[0].count < number:
            return number - 1


@pytest.mark.parametrize("places", [1, 2])
def test_two_concurrent_takes_get_no_more_than_there_is(places: int) -> None:
    def run(_: int, at: Callable[..., Any]) -> None:
        room, got = LeaseRoom(), dict[str, bool]()
        room.add(tuple((name, amount * places) for name, amount in NEEDS))

        def take(name: str) -> None:
            got[name] = room.take(NEEDS, Call(name))

        with at(lambda: take("handler")):
            take("main")
        got.setdefault("handler", False)
        admitted = [name for name in ("main", "handler") if got[name]]
        assert len(admitted) == min(places, 1 + (len(admitted) == places))
        assert sorted(call.id for call in room.admitted()) == sorted(admitted)
        left = places - len(admitted)
        assert room.newest.room == {name: amount * left for name, amount in NEEDS}
        calls: dict[str, Any] = {}
        assert (room.collect(calls), sorted(calls)) == (len(admitted), sorted(admitted))
        assert room.collect(calls) == 0

    assert every_instruction((lease_room,), run) > 30


def test_a_concurrent_add_or_close_is_not_lost() -> None:
    def run(number: int, at: Callable[..., Any]) -> None:
        room, taken = LeaseRoom(), list[bool]()
        room.add(NEEDS)
        with at(lambda: room.add(NEEDS)):
            taken.append(room.take(NEEDS, Call("main")))
            room.add(NEEDS)
        added = 2 + (number <= total)
        assert taken == [True] and room.newest.room["input_tokens"] == 9 * (added - 1)
        with at(room.close):
            room.add(NEEDS)
        assert room.newest.is_open is (number > adding)
        with at(lambda: taken.append(room.take(NEEDS, Call("handler")))):
            room.close()
        assert not room.newest.is_open and not room.take(NEEDS, Call("late"))
        assert len(list(room.admitted())) == sum(taken)

    total = adding = sys.maxsize
    everything = LeaseRoom()
    with interrupted((lease_room,), 0, lambda: None) as seen:
        everything.add(NEEDS)
    adding = seen.count
    with interrupted((lease_room,), 0, lambda: None) as seen:
        everything.take(NEEDS, Call("main"))
        everything.add(NEEDS)
    total = seen.count
    assert every_instruction((lease_room,), run) > adding
    assert total > adding > 10


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_a_handler_may_use_the_keeper_at_any_instruction_of_a_lease(
    make: MakeKeeper, ledger: str
) -> None:
    keeper = make(limit(1_000_000), ledger=ledger, lease=64)
    assert keeper._engine.leases is not None
    modules = (admitter, fast_path, lease_room, leased_reservation)
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        keeper.reserve("gemini", **CALL).settle(input_tokens=1)

    def record() -> None:
        nonlocal calls
        calls += 1
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=1)

    call()
    acts = cycle([call, record, keeper.status])

    def run(_: int, at: Callable[..., Any]) -> None:
        act = next(acts)
        with at(lambda: act()):
            call()

    count = every_instruction(modules, run)
    print(f"{count} instructions, {calls} calls")
    assert count > 200
    assert keeper.verify() == []
    tend(keeper)
    assert [each.used for each in keeper.status().limits] == [calls]


@pytest.mark.parametrize("sent", [False, True])
def test_a_signal_that_raises_leaves_no_open_call(make: MakeKeeper, sent: bool) -> None:
    keeper = make(limit(1_000_000), ledger="file", lease=64)
    leases = keeper._engine.leases
    assert leases is not None
    keeper.reserve("gemini", **CALL).settle(input_tokens=1)
    (key,) = leases._shapes
    leases._shapes[key].sent = sent  # like the calls of an HTTP library
    admit = partial(leases.take, handle=partial(LeasedReservation, keeper._engine.parts, leases))
    raised = settled = 0

    def stop() -> None:
        raise KeyboardInterrupt

    def run(_: int, at: Callable[..., Any]) -> None:
        nonlocal raised, settled
        try:
            with at(stop):
                call = admit(key)
        except KeyboardInterrupt:
            raised += 1
            tend(keeper)
        else:
            assert call is not None
            call.settle(input_tokens=1)
            settled += 1

    count = every_instruction((fast_path, lease_room, leased_reservation), run)
    print(f"{count} instructions, {raised} interrupted")
    assert raised == count > 60 and settled == 1
    (lease,) = leases._leases.values()
    tend(keeper)
    (held,) = keeper.reservations()
    room = lease.room.newest.room
    assert leases._under_way == {} and keeper.verify() == []
    assert held.id == lease.id and held.quantities.items() <= room.items()
    # If the interrupt comes during the hand-over, where Python runs no handler, the call is
    # assumed.
    (limited,) = keeper.status().limits
    assert 0 <= limited.used - 2 <= 2 * sent


def test_a_journal_part_that_is_removed_at_any_instruction_loses_no_call(
    make: MakeKeeper, clock: FakeClock, path: Path
) -> None:
    keeper = make(limit(1_000_000), ledger="file", lease=64)
    turned = set[str]()
    drawn = 0

    def turn() -> None:
        clock.advance(seconds=1.1)
        tend(keeper)
        turned.update(parts(path))

    def run(_: int, at: Callable[..., Any]) -> None:
        nonlocal drawn
        keeper.reserve("gemini", **CALL).settle(input_tokens=1)  # keeps the lease in use
        with at(turn):
            call = keeper.reserve("gemini", **CALL)
        kept = "".join(
            part.read_text(encoding="ascii") for part in map(path.with_name, parts(path))
        )
        if f"\nA {call.id} " not in kept:  # a process that recovers this one would not see the call
            drawn += 1
            assert call._leased.drawn  # type: ignore[attr-defined]
        call.settle(input_tokens=1)

    count = every_instruction((fast_path, lease_room), run)
    print(f"{count} instructions, {len(turned)} parts, {drawn} drawn before their part went")
    assert count > 100 and len(turned) > 50 and drawn > 3
    assert keeper.verify() == []


def test_a_call_taken_while_its_journal_part_is_removed_is_booked_first(
    make: MakeKeeper, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = make(limit(1_000_000), ledger="file", lease=64)
    leases = keeper._engine.leases
    assert leases is not None
    keeper.reserve("gemini", **CALL).settle(input_tokens=1)
    (key,) = leases._shapes
    turn, late = leases._segments.turn, list[LeasedReservation]()
    handle = partial(LeasedReservation, keeper._engine.parts, leases)

    def slowly(*given: Any) -> Any:
        before = leases._segments.current
        removable = turn(*given)
        after, leases._segments.current = leases._segments.current, before
        call = leases.take(key, handle)  # it chose the journal part before the turn
        leases._segments.current = after
        assert call is not None and after is not before and before in removable
        late.append(call)
        return removable

    monkeypatch.setattr(leases._segments, "turn", slowly)
    clock.advance(seconds=1.1)
    tend(keeper)
    (call,) = late
    assert call._leased.segment is not None and call._leased.segment.gone and call._leased.drawn
    monkeypatch.undo()
    call.settle(input_tokens=1)
    assert [each.used for each in keeper.status().limits] == [2] and keeper.verify() == []


def parts(path: Path) -> list[str]:
    names = os.listdir(path.parent)
    return sorted(name for name in names if ".lease-" in name and name[-6:].isdigit())


def tend(keeper: Keeper) -> None:
    leases = keeper._engine.leases
    assert leases is not None
    keeper._engine.worker.ask(lambda store, now: leases.tend(store, now, at_once=True))
