"""The overview of a ledger on a server: what one host writes, a dashboard on another host shows."""

from __future__ import annotations

from typing import Any

from quotakeeper.app.journal_follower import JournalFollower
from quotakeeper.app.overview.reading import OverviewReader
from quotakeeper.app.overview.record import overview_record
from quotakeeper.key_wiring import open_keys
from quotakeeper.testing import FakeClock
from tests.stores_postgres.conftest import MakeHost

CALL: dict[str, Any] = {"model": "nova-3", "operation": "listen", "scope": {"key": "an"}}


def test_a_dashboard_follows_the_calls_of_another_host(host: MakeHost, clock: FakeClock) -> None:
    writer, viewer = host("one"), host("two")
    store = open_keys(viewer.settings)
    try:
        reader, follower = OverviewReader(viewer, store.all_keys), JournalFollower(viewer)
        follower.start()
        empty: dict[str, Any] = overview_record(reader.read())
        assert (empty["today"]["calls"], empty["judgement"]["word"]) == (0, "ok")
        assert not follower.look().is_new
        writer.record("deepgram", audio_seconds=90, **CALL)
        assert follower.look().is_new
        clock.advance(seconds=1)
        found: dict[str, Any] = overview_record(reader.read())
        assert found["today"]["calls"] == 1
        assert found["spenders"][0]["key"] == "an"
        assert found["line"]["points"][-1][1] == found["today"]["cost_usd"]
        writer.pause(why="the bill is being checked")
        assert follower.look().is_new
        assert overview_record(reader.read())["judgement"]["word"] == "blocked"  # type: ignore[index]
        assert not follower.look().is_new
    finally:
        store.close()
