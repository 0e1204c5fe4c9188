"""The stream follows the journal: one look a second for all viewers, and what it says in trouble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import aiohttp
import pytest

from quotakeeper import Keeper
from quotakeeper.app import journal_follower
from quotakeeper.app.journal_follower import Change, JournalFollower
from quotakeeper.dashboard import live
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.dashboard.demo_ledger import demo_ledger
from tests.dashboard.serving import QUICK, Served, run, serving

CONFIG: dict[str, object] = {
    "timezone": "UTC", "default_limits": False,
    "limit": [{"name": "day", "meter": "cost", "window": "day", "amount": 1}],
}  # fmt: skip


CALL: dict[str, Any] = {"model": "nova-3", "operation": "listen"}


def spend(keeper: Keeper, seconds: int, **more: Any) -> None:
    """Record a call for so many seconds of audio."""
    keeper.record("deepgram", audio_seconds=seconds, **CALL, **more)


async def event(stream: aiohttp.ClientResponse, wanted: str) -> dict[str, Any]:
    """Read the stream to the next event with this name. Returns its data."""
    while True:
        name, data = "", b""
        while (line := await stream.content.readline()).strip():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            name = value if field == "event" else name
            data = value.encode() if field == "data" else data
        if name == wanted:
            found: dict[str, Any] = json.loads(data or b"{}")
            return found


async def opened(served: Served) -> aiohttp.ClientResponse:
    """Sign in and open a stream."""
    await served.sign_in()
    stream = await served.client.get(f"{served.url}/api/stream")
    assert stream.status == 200
    return stream


def test_a_viewer_gets_the_overview_and_then_every_newer_one() -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", CONFIG, clock=clock)

    async def test() -> None:
        async with serving(keeper, clock) as served, await opened(served) as stream:
            first = await event(stream, "overview")
            assert (first["today"]["calls"], first["calls"]) == (0, [])
            await asyncio.to_thread(spend, keeper, 60)
            second = await event(stream, "overview")
            assert second["today"]["calls"] == 1
            assert second["calls"][0]["model"] == "nova-3"

    run(test)


def test_all_viewers_share_one_look_and_nobody_looks_without_viewers() -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", CONFIG, clock=clock)

    async def test() -> None:
        async with serving(keeper, clock) as served:
            live = served.dashboard.live
            streams = [await opened(served) for _ in range(5)]
            for stream in streams:
                await event(stream, "overview")
            before = live.looks
            await asyncio.to_thread(spend, keeper, 60)
            for stream in streams:
                await event(stream, "overview")
            looked = live.looks - before
            for stream in streams:
                stream.close()
            # Each viewer would have added a look of its own.
            assert 1 <= looked < 5 * 3
            quiet = 0
            while quiet < 8:  # eight pauses between two looks; the test hangs if it never comes
                before = live.looks
                await asyncio.sleep(QUICK.look_seconds)
                quiet = quiet + 1 if live.looks == before else 0

    run(test)


def test_a_quiet_ledger_gives_a_sign_of_life() -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", CONFIG, clock=clock)

    async def test() -> None:
        async with serving(keeper, clock) as served, await opened(served) as stream:
            await event(stream, "overview")
            assert await event(stream, "alive") == {}

    run(test)


def test_a_ledger_that_does_not_answer_makes_the_page_stale_and_then_live_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    keeper = Keeper("memory:", CONFIG, clock=clock)

    async def test() -> None:
        async with serving(keeper, clock) as served, await opened(served) as stream:
            await event(stream, "overview")

            def fails(after: int = 0) -> None:
                raise LedgerUnavailableError("ledger.db", "is locked", "try again")

            with monkeypatch.context() as patch:
                patch.setattr(keeper, "entries", fails)
                stale = await event(stream, "stale")
                assert "LedgerUnavailableError" in stale["trouble"]
            assert (await event(stream, "overview"))["today"]["calls"] == 0

    run(test)


def test_a_ledger_that_hangs_makes_the_page_stale_and_then_live_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A read that neither returns nor fails must not leave old figures marked as live."""
    clock, answers = FakeClock(), Event()
    keeper = Keeper("memory:", CONFIG, clock=clock)
    monkeypatch.setattr(live, "LATE_SECONDS", 0.1)
    entries = keeper.entries

    def hangs(after: int = 0) -> Iterator[Entry]:
        answers.wait()
        return entries(after)

    async def test() -> None:
        async with serving(keeper, clock) as served, await opened(served) as stream:
            try:
                await event(stream, "overview")
                monkeypatch.setattr(keeper, "entries", hangs)
                assert await event(stream, "stale") == {"trouble": "late"}
            finally:
                answers.set()
            assert (await event(stream, "overview"))["today"]["calls"] == 0

    run(test)


def test_the_first_screen_is_small_enough() -> None:
    demo = demo_ledger()

    async def test() -> None:
        async with serving(demo.keeper, demo.clock) as served:
            await served.sign_in()
            async with served.client.get(f"{served.url}/api/overview") as answer:
                body = await answer.read()
            assert len(body) <= 80 * 1000
            found = json.loads(body)
            assert len(found["days"]) == 14 and found["today"]["calls"] > 100

    run(test)


@pytest.mark.parametrize("ledger", ["memory:", "file"])
def test_the_follower_finds_the_end_of_a_long_journal_with_few_reads(
    ledger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    where = str(tmp_path / "ledger.db") if ledger == "file" else ledger
    with Keeper(where, CONFIG, clock=clock, durability="process") as keeper:
        follower = JournalFollower(keeper)
        follower.start()
        assert follower.seq == 0 and not follower.look().is_new
        for _ in range(700):
            spend(keeper, 1)
        asked: list[int] = []
        entries = keeper.entries

        def counted(after: int = 0) -> Iterator[Entry]:
            asked.append(after)
            return entries(after)

        keeper.entries = counted  # type: ignore[method-assign]
        second = JournalFollower(keeper)
        second.start()
        assert len(asked) < 40
        last = max(entry.seq for entry in entries(0))
        assert second.seq == last
        monkeypatch.setattr(journal_follower, "_MOST_READ", 500)
        changes = [follower.look() for _ in range(3)]  # a look has a limit; the next one goes on
        assert [each.is_new for each in changes] == [True, True, False]
        assert (follower.seq, any(each.is_past for each in changes)) == (last, False)
        assert not second.look().is_new
        spend(keeper, 1)
        assert second.look() == follower.look()


def test_what_changes_an_ended_day_makes_ended_days_be_read_again() -> None:
    clock = FakeClock("2026-11-23T23:30:00Z")
    day = 86_400_000_000
    with Keeper("memory:", CONFIG, clock=clock) as keeper:
        follower = JournalFollower(keeper)
        spend(keeper, 1, event_id="before the start")
        held = keeper.reserve("deepgram", audio_seconds=9, **CALL)
        follower.start()
        keeper.correct("before the start", audio_seconds=2)
        assert follower.look().is_past  # it is not known when that call was made
        spend(keeper, 1, event_id="today")
        keeper.correct("today", audio_seconds=3)
        with keeper.reserve("deepgram", audio_seconds=9, **CALL) as call:
            call.settle(audio_seconds=1)
        assert follower.look() == Change(True, False)
        spend(keeper, 1, event_id="late", at=clock.now() - 3 * day)
        assert follower.look().is_past
        keeper.correct("late", audio_seconds=3)
        assert follower.look().is_past
        keeper.correct("today", audio_seconds=7)
        clock.advance(hours=1)  # midnight passes before the next look
        assert follower.look().is_past
        held.settle(audio_seconds=5)  # counts yesterday
        assert follower.look().is_past
        keeper.correct("today", audio_seconds=4)  # of yesterday now
        assert follower.look().is_past
        spend(keeper, 1, event_id="new day")
        keeper.correct("new day", audio_seconds=4)
        assert follower.look() == Change(True, False)
