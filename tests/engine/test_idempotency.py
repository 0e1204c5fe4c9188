"""An event id counts once for ever: repeated in one program, in two programs, and after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper import Keeper, KeyConflictError, LimitExceeded, ReservationClosedError
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit, python, said


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_an_id_recorded_twice_counts_once(make: MakeKeeper, ledger: str) -> None:
    keeper = make(limit(100), ledger=ledger)
    first = keeper.record("gemini", input_tokens=5, event_id="one")
    assert keeper.record("gemini", input_tokens=5, event_id="one") == first
    with pytest.raises(KeyConflictError) as caught:
        keeper.record("gemini", input_tokens=6, event_id="one")
    assert caught.value.event_id == "one"
    with pytest.raises(KeyConflictError):
        keeper.record("deepgram", input_tokens=5, event_id="one")
    with pytest.raises(KeyConflictError):
        keeper.reserve("gemini", input_tokens=5, event_id="one")
    assert list(keeper.events()) == [first]
    assert keeper.status().limits[0].used == 1


def test_an_id_counts_once_across_processes_and_a_restart(path: Path) -> None:
    code = """
import sys
from quotakeeper import Keeper
with Keeper(sys.argv[1], {"default_limits": False, "timezone": "UTC"}, "process") as keeper:
    for n in range(50):
        keeper.record("gemini", input_tokens=n, event_id=f"id-{n}")
"""
    for child in [python(code, path) for _ in range(3)]:
        said(child)
    with Keeper(path, config(limit(100)), "process") as keeper:
        keeper.record("gemini", input_tokens=7, event_id="id-7")
        assert len(list(keeper.events())) == 50
        assert keeper.status().limits[0].used == 50
        with pytest.raises(KeyConflictError):
            keeper.record("gemini", input_tokens=8, event_id="id-7")


@pytest.mark.parametrize("restart", [False, True])
def test_a_repeated_reserve_returns_the_same_reservation(path: Path, restart: bool) -> None:
    keeper = Keeper(path, config(limit(1)), "process")
    call = keeper.reserve("gemini", input_tokens=5, event_id="job")
    again = keeper.reserve("gemini", input_tokens=5, event_id="job")  # the limit is used up
    assert again.id == call.id and again.event is None
    event = again.settle(input_tokens=4)
    if restart:
        keeper.close()
        keeper = Keeper(path, config(limit(1)), "process")
    replay = keeper.reserve("gemini", input_tokens=5, event_id="job")
    assert replay.event == event and not replay.is_open
    with replay:  # its exit changes nothing
        pass
    with pytest.raises(KeyConflictError):
        keeper.reserve("gemini", input_tokens=6, event_id="job")
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", input_tokens=5, event_id="other")
    assert list(keeper.events()) == [event]
    assert keeper.verify() == []
    keeper.close()


def test_a_reservation_settled_twice_counts_once(keeper: Keeper) -> None:
    call = keeper.reserve("gemini", input_tokens=5)
    event = call.settle(input_tokens=4)
    assert call.settle(input_tokens=4) == event
    with pytest.raises(ReservationClosedError):
        call.settle(input_tokens=5)
    assert list(keeper.events()) == [event]


def test_a_refused_id_may_be_tried_again(make: MakeKeeper) -> None:
    keeper = make(limit(1))
    call = keeper.reserve("gemini")
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini", event_id="job")
    call.release()
    keeper.reserve("gemini", event_id="job").settle(requests=1)
    assert keeper.status().limits[0].used == 1
