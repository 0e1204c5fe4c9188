"""`keeper.tag(...)`: labels for every call in a block, by thread and by task."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from quotakeeper import InvalidInputError, Keeper
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit


def labels(keeper: Keeper) -> list[dict[str, str]]:
    return [dict(event.labels.scope) for event in keeper.events()]


def call(keeper: Keeper, **scope: str) -> None:
    keeper.reserve("gemini", scope=scope or None, requests=1).settle(requests=1)


def test_every_call_in_the_block_is_labelled_and_none_after_it(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    with keeper.tag(user="an", team="film"):
        call(keeper)
        keeper.record("gemini", requests=1)
        call(keeper, user="bình", shot="7")
        with keeper.tag(user="chi"):
            call(keeper)
        call(keeper)
    call(keeper)
    an = {"user": "an", "team": "film"}
    assert labels(keeper) == [
        an, an, {"user": "bình", "team": "film", "shot": "7"}, {**an, "user": "chi"}, an, {},
    ]  # fmt: skip


def test_a_limit_per_label_holds_for_the_labels_of_the_block(make: MakeKeeper) -> None:
    keeper = make(limit(2, per="user"))
    with keeper.tag(user="an"):
        call(keeper)
        assert keeper.check("gemini", requests=1).allowed
        assert not keeper.check("gemini", requests=2).allowed
    with keeper.tag(user="bình"):
        assert keeper.check("gemini", requests=2).allowed


def test_another_keeper_in_the_block_is_not_labelled(make: MakeKeeper) -> None:
    one, other = make(limit(100)), make(limit(100))
    with one.tag(user="an"), other.tag(team="film"):
        call(one)
        call(other)
    assert labels(one) == [{"user": "an"}]
    assert labels(other) == [{"team": "film"}]


def test_tasks_have_the_labels_of_where_they_were_started(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    turn: list[asyncio.Event] = []

    async def ask(user: str, number: int) -> None:
        with keeper.tag(user=user):
            turn[number].set()
            await turn[1 - number].wait()  # both are inside their blocks now
            async with keeper.areserve("gemini", requests=1) as reserved:
                await reserved.asettle(requests=1)
            await asyncio.to_thread(keeper.record, "gemini", requests=1)
        await keeper.arecord("gemini", requests=1)

    async def both() -> None:
        turn.extend((asyncio.Event(), asyncio.Event()))
        with keeper.tag(team="film"):
            await asyncio.gather(ask("an", 0), ask("bình", 1))

    asyncio.run(both())
    found = sorted(str(sorted(each.items())) for each in labels(keeper))
    team = ("team", "film")
    wanted = [
        str([team, *([("user", user)] if user else [])])
        for user in ("an", "an", "bình", "bình", "", "")
    ]
    assert found == sorted(wanted)


def test_threads_have_labels_of_their_own(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    inside = threading.Barrier(2)

    def ask(user: str) -> None:
        with keeper.tag(user=user):
            inside.wait(10)
            call(keeper)

    with keeper.tag(team="film"):
        threads = [threading.Thread(target=ask, args=(user,)) for user in ("an", "bình")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(each["user"] for each in labels(keeper)) == ["an", "bình"]
    assert all("team" not in each for each in labels(keeper))


def test_labels_go_with_a_copied_context(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    with keeper.tag(user="an"):
        context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(call, keeper))
    thread.start()
    thread.join()
    assert labels(keeper) == [{"user": "an"}]


def test_a_block_that_ends_in_another_context_ends_quietly(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    block = keeper.tag(user="an")
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    call(keeper)
    assert labels(keeper) == [{}]


def test_a_block_ends_when_an_error_leaves_it(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    with pytest.raises(RuntimeError), keeper.tag(user="an"):
        raise RuntimeError
    call(keeper)
    assert labels(keeper) == [{}]


@pytest.mark.parametrize("bad", [{"user": 7}, {"": "x"}, {f"l{n}": "x" for n in range(17)}])
def test_what_cannot_be_stored_is_refused_at_the_block(
    make: MakeKeeper, bad: dict[str, str]
) -> None:
    keeper = make(limit(100))
    with pytest.raises(InvalidInputError), keeper.tag(**bad):
        raise AssertionError("not reached")


def test_calls_that_are_admitted_on_a_lease_are_labelled(make: MakeKeeper) -> None:
    keeper = make(limit(10_000, per="user"), ledger="file", lease=50)
    for user in ("an", "bình"):
        with keeper.tag(user=user):
            for _ in range(3):
                call(keeper)
    assert sorted(each["user"] for each in labels(keeper)) == ["an"] * 3 + ["bình"] * 3


def test_a_settlement_outside_the_block_keeps_the_labels_of_the_reservation(
    make: MakeKeeper,
) -> None:
    keeper = make(limit(100))
    with keeper.tag(user="an"):
        reserved = keeper.reserve("gemini", requests=1)
    with keeper.tag(team="film"):
        keeper.settle(reserved.id, requests=1)
        keeper.correct(reserved.id, requests=2)
    assert labels(keeper) == [{"user": "an"}]
