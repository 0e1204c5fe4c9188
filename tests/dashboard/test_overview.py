"""The overview: its word is the engine's own verdict, and its sums equal those of the reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.app.overview.judgement import Word
from quotakeeper.app.overview.reading import Overview, OverviewReader
from quotakeeper.app.overview.record import overview_record
from quotakeeper.app.records.report import report_record, usage_report
from quotakeeper.domain.forecasting.time_buckets import BucketSum
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.domain.windows import Window, period_at
from quotakeeper.testing import FakeClock
from quotakeeper.value_classes import replace
from tests.dashboard.demo_ledger import demo_ledger
from tests.keys.fake_keys import NOW, secret_of

CALL: dict[str, Any] = {"model": "nova-3", "operation": "listen"}


@contextmanager
def limited(
    amount: object = 10, *, mode: str = "hard", **settings: object
) -> Iterator[tuple[Keeper, FakeClock]]:
    """A keeper with a limit on the audio of a day, in minutes."""
    limit = {
        "name": "audio",
        "meter": "audio_minutes",
        "window": "day",
        "amount": amount,
        "mode": mode,
    }
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    config = {"timezone": "UTC", "default_limits": False, "limit": [limit], **settings}
    with Keeper("memory:", config, clock=clock) as keeper:
        yield keeper, clock


def read(keeper: Keeper) -> Overview:
    """Read the overview once."""
    return OverviewReader(keeper).read()


def told(keeper: Keeper) -> tuple[str, list[str]]:
    """The word, and the codes of its reasons."""
    found = read(keeper).judgement
    return str(found.word), [str(each.code) for each in found.reasons]


def test_nothing_used_is_ok() -> None:
    with limited() as (keeper, _):
        assert told(keeper) == ("ok", [])


def test_a_full_hard_limit_is_blocked_as_the_engine_refuses() -> None:
    with limited() as (keeper, _):
        keeper.record("deepgram", audio_seconds=600, **CALL)
        with pytest.raises(LimitExceeded):
            keeper.reserve("deepgram", audio_seconds=1, **CALL)
        assert told(keeper) == ("blocked", ["full"])


def test_too_little_room_for_a_usual_call_is_blocked_although_the_limit_is_not_full() -> None:
    with limited() as (keeper, clock):
        keeper.record("deepgram", audio_seconds=400, **CALL)
        clock.advance(hours=5)
        with pytest.raises(LimitExceeded):
            keeper.reserve("deepgram", audio_seconds=400, **CALL)
        word, codes = told(keeper)
        assert (word, codes[0]) == ("blocked", "refused")


def test_reserved_room_alone_makes_calls_wait_and_does_not_look_used_up() -> None:
    with limited() as (keeper, _):
        keeper.record("deepgram", audio_seconds=60, **CALL)
        hold = keeper.reserve("deepgram", audio_seconds=500, **CALL)
        assert told(keeper)[0] != "blocked"
        more = keeper.reserve("deepgram", audio_seconds=40, **CALL)
        assert told(keeper) == ("watch", ["held"])
        for each in (hold, more):
            each.release()


def test_reserved_room_blocks_where_calls_do_not_wait() -> None:
    with limited(on_busy="refuse") as (keeper, _):
        keeper.record("deepgram", audio_seconds=60, **CALL)
        hold = keeper.reserve("deepgram", audio_seconds=540, **CALL)
        with pytest.raises(LimitExceeded):
            keeper.reserve("deepgram", audio_seconds=60, **CALL)
        assert told(keeper) == ("blocked", ["refused", "held"])
        hold.release()


@pytest.mark.parametrize(
    ("mode", "word", "code"), [("soft", "watch", "exceeded"), ("shadow", "ok", None)]
)
def test_a_limit_that_refuses_nothing_never_blocks(mode: str, word: str, code: str | None) -> None:
    with limited(mode=mode) as (keeper, _):
        keeper.record("deepgram", audio_seconds=900, **CALL)
        assert told(keeper) == (word, [code] if code else [])


def test_a_pause_is_blocked_and_its_end_is_not() -> None:
    with limited(1_000) as (keeper, _):
        keeper.pause(why="the bill is being checked")
        assert told(keeper) == ("blocked", ["paused"])
        keeper.resume(why="done")
        assert told(keeper) == ("ok", [])


def test_a_limit_that_runs_out_before_its_reset_is_to_be_watched() -> None:
    with limited(100) as (keeper, clock):
        for _ in range(12):
            keeper.record("deepgram", audio_seconds=240, **CALL)
            clock.advance(minutes=10)
        found = read(keeper)
        assert (str(found.judgement.word), found.judgement.reasons[0].code) == ("watch", "runs_out")
        record = overview_record(found)
        first = record["first_out"]
        assert isinstance(first, dict) and first["name"] == "audio"
        assert first["runs_out_at"] < first["resets_at"]


def test_the_limit_of_a_key_that_the_status_does_not_list_is_judged_too() -> None:
    limit = {"name": "each", "meter": "requests", "window": "day", "amount": 50, "per": "key"}
    config = {"timezone": "UTC", "default_limits": False, "limit": [limit]}
    keys = [
        VirtualKey(id=f"id{n}", name=f"key-{n:02d}", made_at=NOW, secrets=(secret_of(n),))
        for n in range(25)
    ]
    with Keeper("memory:", config, clock=FakeClock()) as keeper:
        for key in keys:
            few = 1 if key.name == "key-00" else 2
            for _ in range(few):
                keeper.record("deepgram", audio_seconds=1, scope={"key": key.name}, **CALL)
        listed = {each.limit.name for each in keeper.status().limits}
        assert not [name for name in listed if "key-00" in name]
        names = [each.limit.name for each in OverviewReader(keeper, lambda: keys).read().limits]
        assert len([name for name in names if "key-00" in name]) == 1
        assert len(names) == len(set(names))


def test_a_key_that_may_make_no_call_is_blocked_before_its_first_one() -> None:
    none = (KeyLimit("calls", "requests", "day", 0),)
    key = VirtualKey(id="id", name="an", made_at=NOW, secrets=(secret_of(1),), limits=none)
    with limited() as (keeper, _):
        found = OverviewReader(keeper, lambda: [key]).read().judgement
        assert (found.word, [each.subject for each in found.reasons]) == (
            Word.BLOCKED,
            ["an: calls"],
        )


def test_a_small_newest_call_does_not_hide_that_a_larger_one_is_refused() -> None:
    with limited(20) as (keeper, clock):
        keeper.record("deepgram", audio_seconds=700, **CALL)
        clock.advance(seconds=1)
        keeper.record("deepgram", audio_seconds=5, **CALL)
        clock.advance(hours=1)
        with pytest.raises(LimitExceeded):
            keeper.reserve("deepgram", audio_seconds=700, **CALL)
        assert told(keeper) == ("blocked", ["refused"])


def test_whatever_is_used_a_refused_call_never_stands_beside_a_fine_word() -> None:
    for seconds in range(0, 640, 40):
        with limited() as (keeper, _):
            if seconds:
                keeper.record("deepgram", audio_seconds=seconds, **CALL)
            allowed = keeper.check("deepgram", audio_seconds=max(40, seconds), **CALL).allowed
            word = read(keeper).judgement.word
            assert allowed or not seconds or word is Word.BLOCKED, seconds


def test_the_sums_equal_those_of_the_usage_report() -> None:
    demo = demo_ledger()
    with demo.keeper as keeper:
        now = keeper.now()
        record: dict[str, Any] = overview_record(read(keeper))
        day = period_at(Window("day"), keeper.zone, now).start_at
        month = period_at(Window("month"), keeper.zone, now).start_at
        for key, since in (("today", day), ("month", month)):
            report: dict[str, Any] = report_record(
                usage_report(keeper, ("provider",), since, None, now)
            )
            assert record[key]["cost_usd"] == report["totals"]["cost_usd"]
            assert record[key]["calls"] == report["totals"]["calls"]
            assert record[key]["cost_local"] == report["totals"]["cost_vnd"]
        days: dict[str, Any] = report_record(usage_report(keeper, ("day",), None, None, now))
        assert {x["day"]: x["cost_usd"] for x in days["rows"]} == {
            x["day"]: x["cost_usd"] for x in record["days"]
        }
        assert record["line"]["points"][-1][1] == record["today"]["cost_usd"]
        parts = sum(Decimal(each) for each in record["days"][-1]["providers"].values())
        assert parts == Decimal(record["today"]["cost_usd"])
        assert sum(Decimal(x["cost_usd"]) for x in record["spenders"]) == parts
        assert record["open_count"] == 2


def test_a_minute_of_video_costs_what_the_report_by_job_says() -> None:
    demo = demo_ledger()
    with demo.keeper as keeper:
        now = keeper.now()
        day = period_at(Window("day"), keeper.zone, now).start_at
        found: dict[str, Any] = overview_record(read(keeper))["minute"]  # type: ignore[assignment]
        report: dict[str, Any] = report_record(usage_report(keeper, ("job",), day, None, now))
        assert found["cost_usd"] == report["totals"]["cost_usd_per_media_minute"]


def test_a_second_reading_reads_only_today_and_gives_the_same() -> None:
    demo = demo_ledger()
    with demo.keeper as keeper:
        for call in demo.open_calls:
            call.release()
        reader = OverviewReader(keeper)
        first = overview_record(reader.read())
        asked: list[int | None] = []
        slots = keeper.slots

        def counted(since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
            asked.append(since)
            return slots(since, until)

        keeper.slots = counted  # type: ignore[method-assign]
        assert overview_record(reader.read()) == first
        assert asked == [period_at(Window("day"), keeper.zone, keeper.now()).start_at]
        reader.forget_days()
        assert overview_record(reader.read()) == first
        demo.clock.advance(hours=12)  # midnight passes
        later: dict[str, Any] = overview_record(reader.read())
        assert later == overview_record(OverviewReader(keeper).read())
        assert later["days"][-2]["cost_usd"] == first["today"]["cost_usd"]  # type: ignore[index]


def test_the_password_of_a_ledger_on_a_server_is_not_in_the_record() -> None:
    with limited() as (keeper, _):
        found = replace(read(keeper), ledger="postgresql://an:canary-7f3@db.example/ledger")
        text = json.dumps(overview_record(found))
    assert "canary-7f3" not in text and "db.example" in text


def test_no_number_of_money_is_a_float() -> None:
    demo = demo_ledger()
    with demo.keeper as keeper:
        text = json.dumps(overview_record(read(keeper)))

    def refuse(number: str) -> float:
        raise AssertionError(f"{number} is a float")

    assert json.loads(text, parse_float=refuse)["schema"] == 1
