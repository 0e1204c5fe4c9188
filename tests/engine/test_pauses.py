"""Pauses and raised limits through a keeper: every process on the ledger obeys, and leases come back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from quotakeeper import InvalidInputError, Keeper, LimitExceeded, PausedError
from quotakeeper.domain.observations import CallRefused, Observation
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit, python


@pytest.fixture(autouse=True)
def without_proof(make: MakeKeeper) -> None:
    """The proof of one order does not model pauses and raised limits, so these tests switch it off."""
    make.unproved = True  # type: ignore[attr-defined]


LEDGERS = pytest.mark.parametrize("ledger", ["memory:", "file"])


@LEDGERS
@pytest.mark.parametrize("lease", ["off", 10])
def test_a_pause_refuses_new_calls_and_lets_open_calls_end(
    make: MakeKeeper, ledger: str, lease: str | int
) -> None:
    keeper = make(limit(1_000), ledger=ledger, lease=lease)
    calls = [keeper.reserve("gemini", model="gemini-2.0-flash") for _ in range(3)]
    pause = keeper.pause(why="a runaway loop", by="lan@desk")
    assert (pause.provider, pause.until, pause.why, pause.by) == (
        "", None, "a runaway loop", "lan@desk",
    )  # fmt: skip
    with pytest.raises(PausedError) as caught:
        keeper.reserve("gemini", model="gemini-2.0-flash")
    text = str(caught.value)
    assert "all calls paused by lan@desk since 2026-" in text
    assert text.endswith("until somebody resumes: a runaway loop; undo it with: quotakeeper resume")
    assert (caught.value.why, caught.value.by, caught.value.until) == (
        "a runaway loop", "lan@desk", None,
    )  # fmt: skip
    assert not keeper.check("gemini").allowed
    calls[0].settle(input_tokens=5)
    calls[1].release()
    calls[2].settle(input_tokens=1)
    keeper.record("gemini", input_tokens=1)
    assert keeper.status().limits[0].used == 3
    assert keeper.status().pauses == (pause,)
    assert keeper.resume(by="lan@desk") == (pause,)
    assert keeper.resume() == () == keeper.status().pauses
    keeper.reserve("gemini", model="gemini-2.0-flash").release()
    assert keeper.verify() == []


def test_a_paused_call_gets_no_growth(make: MakeKeeper) -> None:
    keeper = make(limit(1_000, meter="input_tokens"))
    call = keeper.reserve("gemini", input_tokens=5)
    keeper.pause("gemini", why="too dear")
    with pytest.raises(PausedError, match="calls to gemini paused"):
        call.grow(input_tokens=5)
    keeper.reserve("deepgram").release()
    call.settle(input_tokens=5)


def test_a_pause_with_a_duration_ends_by_itself(make: MakeKeeper, clock: FakeClock) -> None:
    keeper, now = make(limit(1_000)), clock.now()
    pause = keeper.pause("Gemini", why="lunch", for_seconds=7_200)
    assert pause.until == now + 7_200_000_000
    assert "@" in pause.by
    with pytest.raises(PausedError, match=r"until 2026-\d\d-\d\dT\d\d:00:0.*--provider gemini"):
        keeper.reserve("gemini")
    clock.advance(hours=2)
    keeper.reserve("gemini").release()
    assert keeper.status().pauses == ()


def test_an_impossible_order_is_refused_with_a_reason(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    for given in (
        {"why": ""}, {"why": "x", "for_seconds": 0}, {"why": "x", "for_seconds": 10**9},
        {"why": "x", "for_seconds": "soon"}, {"why": "x", "by": 3},
    ):  # fmt: skip
        with pytest.raises(InvalidInputError):
            keeper.pause(**given)
    keeper.reserve("gemini").release()
    for name, to, seconds, why in (
        ("nothing", 20, 60, "x"), ("cap", 10, 60, "x"), ("cap", 5, 60, "x"), ("cap", 20, 0, "x"),
        ("cap", 20, 60, ""), ("cap", "many", 60, "x"),
    ):  # fmt: skip
        with pytest.raises(InvalidInputError):
            keeper.raise_limit(name, to=to, for_seconds=seconds, why=why)
    assert keeper.status().limits[0].limit.amount == 10


def test_an_observer_gets_a_paused_call_as_refused(make: MakeKeeper) -> None:
    keeper = make(limit(10))
    seen: list[Observation] = []
    keeper.subscribe(seen.append)
    keeper.pause(why="x")
    with pytest.raises(PausedError):
        keeper.reserve("gemini")
    keeper.close()
    (refused,) = [each for each in seen if isinstance(each, CallRefused)]
    assert refused.decision.pause is not None


def test_a_coroutine_pauses_raises_and_resumes(make: MakeKeeper) -> None:
    async def main(keeper: Keeper) -> None:
        await keeper.apause(why="x")
        with pytest.raises(PausedError):
            await keeper.areserve("gemini")
        assert len(await keeper.aresume()) == 1
        await keeper.araise_limit("cap", to=2, for_seconds=60, why="x")
        for _ in range(2):
            await (await keeper.areserve("gemini")).asettle()

    asyncio.run(main(make(limit(1))))


# -- other processes

_CALLS = """
import sys, time
from quotakeeper import Keeper, PausedError
path, lease = sys.argv[1:]
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10**9}
config = {"timezone": "UTC", "default_limits": False, "limit": [limit]}
keeper = Keeper(path, config, "process", lease=lease)
admitted = 0
while True:
    try:
        keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=5).settle(input_tokens=5)
    except PausedError as error:
        print(time.time(), admitted, error.why, flush=True)
        break
    admitted += 1
    if admitted == 200:
        print("going", flush=True)
sys.stdin.readline()
keeper.reserve("gemini", model="gemini-2.0-flash").settle(input_tokens=5)
print("gone on", flush=True)
keeper.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("lease", ["off", "auto"])
def test_a_pause_stops_every_process_within_a_second_until_it_ends(path: Path, lease: str) -> None:
    children = [python(_CALLS, path, lease) for _ in range(2)]
    try:
        for child in children:
            assert child.stdout and child.stdout.readline() == "going\n"
        with Keeper(path, config(limit(10**9)), "process") as keeper:
            keeper.pause(why="fire", by="lan@desk")
            done = time.time()
            for child in children:
                assert child.stdout
                stopped, admitted, why = child.stdout.readline().split()
                assert float(stopped) - done < 1.0
                assert int(admitted) >= 200 and why == "fire"
            keeper.resume()
        for child in children:
            assert child.stdin and child.stdout
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "gone on\n"
    finally:
        for child in children:
            child.kill()
            child.communicate()
    with Keeper(path, config(limit(10**9)), "process") as keeper:
        assert keeper.verify() == []
        assert [str(e.kind) for e in keeper.entries() if e.notice] == ["pause", "resume"]


# -- raised limits


@LEDGERS
def test_a_raised_limit_admits_more_until_it_ends(
    make: MakeKeeper, clock: FakeClock, ledger: str
) -> None:
    keeper = make(limit(2), limit(1, name="each", per="user"), ledger=ledger)
    for _ in range(2):
        keeper.reserve("gemini").settle()
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini")
    at = keeper.raise_limit("CAP", to="3", for_seconds=3_600, why="a big order")
    assert at == clock.now() + 3_600_000_000
    keeper.reserve("gemini").settle()
    with pytest.raises(LimitExceeded) as caught:
        keeper.reserve("gemini")
    assert caught.value.limit.amount == 3
    clock.advance(hours=1)
    assert keeper.status().limits[0].limit.amount == 2
    assert keeper.status().limits[0].state == "exceeded"
    keeper.raise_limit("cap", to=100, for_seconds=60, why="x")
    keeper.raise_limit("each [user=lan]", to=2, for_seconds=60, why="for Lan")
    for user, most in (("lan", 2), ("minh", 1)):
        for _ in range(most):
            keeper.reserve("gemini", scope={"user": user}).settle()
        with pytest.raises(LimitExceeded, match=f"each \\[user={user}\\]"):
            keeper.reserve("gemini", scope={"user": user})
