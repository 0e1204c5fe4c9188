"""`quotakeeper plan`: what a folder would cost by the ledger's own history, and when it would fit."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.app.planning.estimates import ASSUMED, LANGUAGES
from quotakeeper.app.planning.planner import PlanRequest, make_plan, media_of
from quotakeeper.domain.windows import moment
from quotakeeper.errors import LimitExceeded
from quotakeeper.pipeline.option_table import GEMINI_MODEL, STT_MODEL
from quotakeeper.pipeline.options import LANGUAGES as PIPELINE_LANGUAGES
from quotakeeper.pipeline.rewriting import OPERATION as REWRITE
from quotakeeper.pipeline.speech_to_text import OPERATION as SPEECH
from quotakeeper.pipeline.translation import OPERATION as TRANSLATE
from tests.cli.conftest import CommandLine, golden
from tests.cli.test_prices import sound
from tests.rights import modes_hold

LIMITS = """
default_limits = false

[[limit]]
name = "minutes"
provider = "deepgram"
meter = "audio_minutes"
window = "day"
amount = 10.0

[[limit]]
name = "gemini tokens"
provider = "gemini"
meter = "tokens"
window = "rolling 24h"
amount = 10000
"""


@pytest.fixture
def films(cli: CommandLine) -> CommandLine:
    """A folder of six films of 120 to 300 seconds, and a text."""
    folder = cli.folder / "phim"
    (folder / "tập 2").mkdir(parents=True)
    for number, seconds in enumerate((240, 120, 300)):
        sound(folder / f"{number}.wav", seconds)
        sound(folder / "tập 2" / f"{number}.wav", seconds)
    (folder / "0.srt").write_text("not a film", encoding="utf-8")
    return cli


def planned(cli: CommandLine, *arguments: object) -> dict[str, Any]:
    result = cli.run("plan", "phim", "--json", *arguments)
    assert (result.code, result.err) == (0, "")
    record: dict[str, Any] = json.loads(result.out)
    return record


def worked(cli: CommandLine, files: int = 6, **labels: object) -> None:
    """A history of files of ten minutes: 1,000 tokens a minute in two translations, and a rewriting."""
    with cli.keeper(on_warning=lambda verdict: None) as keeper:
        for _ in range(files):
            keeper.record("deepgram", model="nova-2", operation="speech_to_text",
                          audio_seconds=600, **labels)  # fmt: skip
            for _ in range(2):
                keeper.record("gemini", model="gemini-2.5-flash", operation="translate",
                              input_tokens=3_000, output_tokens=2_000, **labels)  # fmt: skip
            keeper.record("gemini", model="gemini-2.5-flash", operation="rewrite",
                          output_tokens=500, **labels)  # fmt: skip
            cli.clock.advance(minutes=1)
    cli.clock.advance(days=2)


def test_what_is_assumed_is_what_the_pipeline_does() -> None:
    assert [(rate.operation, rate.model) for rate in ASSUMED] == [
        (SPEECH, STT_MODEL), (TRANSLATE, GEMINI_MODEL), (REWRITE, GEMINI_MODEL),
    ]  # fmt: skip
    assert LANGUAGES == PIPELINE_LANGUAGES


def test_without_history_it_is_assumed_and_says_so(films: CommandLine) -> None:
    record = planned(films)
    assert record["schema"] == 1
    assert [each["name"] for each in record["files"]] == [
        os.path.join("phim", name) for name in
        ("0.wav", "1.wav", "2.wav", *(os.path.join("tập 2", f"{n}.wav") for n in range(3)))
    ]  # fmt: skip
    assert {each["known_from"] for each in record["operations"]} == {"assumed"}
    speech, translate, _ = record["files"][0]["operations"]
    assert speech["audio_minutes"] == {"low": "4", "expected": "4", "high": "8"}
    assert speech["cost_usd"] == {"low": "0.0172", "expected": "0.0172", "high": "0.0344"}
    assert translate["tokens"] == {"low": "1188", "expected": "3960", "high": "5940"}
    assert translate["calls"] == 2
    out = films.run("plan", "phim").out
    assert "assumed: the ledger has no history of these operations" in out
    assert "nothing is sent" in out


def test_history_tells_rates_models_and_their_spread(films: CommandLine) -> None:
    worked(films)
    record = planned(films)
    rates = {each["operation"]: each for each in record["operations"]}
    assert {each["known_from"] for each in rates.values()} == {"history"}
    assert rates["speech_to_text"]["model"] == "nova-2"
    assert rates["translate"]["per_minute"] == {"input_tokens": "600", "output_tokens": "400"}
    assert rates["translate"]["files"] == 6
    first = record["files"][0]
    assert first["tokens"] == {"low": "4200", "expected": "4200", "high": "4200"}
    assert [each["calls"] for each in first["operations"]] == [1, 2, 1]
    assert record["totals"]["audio_minutes"] == "22"
    assert Decimal(record["totals"]["cost_usd"]["expected"]) == sum(
        Decimal(each["cost_usd"]["expected"]) for each in record["files"]
    )


def test_operations_models_and_languages_can_be_chosen(films: CommandLine) -> None:
    worked(films)
    record = planned(
        films, "--operations", "translate", "--model", "gemini-2.5-pro", "--model", "nova-3"
    )
    (only,) = record["operations"]
    assert (only["operation"], only["model"]) == ("translate", "gemini-2.5-pro")
    assert only["known_from"] == "history"
    twice = planned(films, "--language", "zh", "--language", "vi")
    once = planned(films, "--language", "vi")
    several = planned(films, "--language", "multi", "--model", "deepgram/nova-3")
    assert twice["totals"]["cost_usd"]["expected"] == once["totals"]["cost_usd"]["expected"]
    high = [Decimal(each["totals"]["cost_usd"]["high"]) for each in (once, twice)]
    assert high[0] < high[1]
    assert several["operations"][0]["model"] == "nova-3"
    plain = planned(films, "--language", "vi", "--model", "deepgram/nova-3")
    assert several["by_operation"][0]["cost_usd"] != plain["by_operation"][0]["cost_usd"]


def test_days_go_on_until_everything_is_done(films: CommandLine) -> None:
    films.write_config(LIMITS)
    record = planned(films)
    days = record["days"]
    assert [each["date"] for each in days] == sorted({each["date"] for each in days})
    assert days[0]["date"] == "2026-11-23"
    assert days[0]["waited_for"] is None
    assert sum(len(each["files"]) for each in days) == 6
    assert record["today"]["files"] == len(days[0]["files"]) < 6
    assert record["today"]["files_if_high"] <= record["today"]["files"]
    assert {each["waited_for"] for each in days[1:]} <= {"minutes", "gemini tokens"}
    states = [each["state"] for each in record["files"]]
    assert states == sorted(states, key=["today", "later"].index)
    for name, width, lang in (("plan", 110, "en"), ("plan-60", 60, "en"), ("plan-vi", 110, "vi")):
        films.environment.setenv("COLUMNS", str(width))
        out = films.run("plan", "phim", "--lang", lang).out.replace(os.sep, "/")
        golden(f"{name}.txt", out)


def test_every_planned_file_is_admitted_when_its_time_comes(films: CommandLine) -> None:
    films.write_config(LIMITS)
    with films.keeper(on_warning=lambda verdict: None) as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", operation="chat", input_tokens=2_500)
        films.clock.advance(hours=3)
        held = keeper.reserve(
            "deepgram", model="nova-3", operation="listen", audio_seconds=300,
            ttl_seconds=30 * 86_400,
        )  # fmt: skip
        made = make_plan(keeper, media_of(["phim"]), PlanRequest())
        files = {each.size.name: each for each in made.files}
        assert len(made.schedule.planned) == 6
        refused = 0
        for each in made.schedule.planned:
            for ask, at in zip(files[each.name].task().asks, each.times, strict=True):
                call = {"model": ask.labels.model, "operation": ask.labels.operation}
                if at > films.clock.now():
                    films.clock.set(moment(at - 1))
                    found = keeper.check(ask.labels.provider, quantities=ask.quantities, **call)
                    refused += not found.allowed
                    films.clock.set(moment(at))
                given = keeper.reserve(ask.labels.provider, quantities=ask.quantities, **call)
                given.settle(quantities=ask.quantities)
        assert refused >= 3, "it does not wait for nothing"
        held.release()
        with pytest.raises(LimitExceeded):
            keeper.reserve("deepgram", model="nova-3", audio_seconds=601)


def test_a_rolling_limit_gives_room_when_the_ledger_will(films: CommandLine) -> None:
    films.write_config(LIMITS)
    with films.keeper(on_warning=lambda verdict: None) as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=10_000)
    films.clock.advance(hours=20)
    first = planned(films)["files"][0]
    assert first["starts_at"] == "2026-11-24T08:00:00Z"
    assert "2026-11-24T12:00:00Z" <= first["ends_at"] <= "2026-11-24T12:20:00Z"


def test_what_never_fits_is_named_with_its_limit(films: CommandLine) -> None:
    films.write_config(LIMITS.replace("amount = 10.0", "amount = 4.5"))
    record = planned(films)
    assert [(os.path.basename(each["name"]), each["limit"]) for each in record["never"]] == [
        ("2.wav", "minutes"), ("2.wav", "minutes"),
    ]  # fmt: skip
    assert record["never"][0]["asked"] == "5"
    assert record["never"][0]["amount"] == "4.5"
    assert {each["state"] for each in record["files"]} == {"today", "later", "never"}
    result = films.run("plan", "phim", "--check")
    assert result.code == 3
    assert "never fits: one of its calls needs 5 minutes, but minutes is 4.5 minutes" in result.out


def test_check_ends_with_a_code_that_scripts_can_use(films: CommandLine) -> None:
    assert films.run("plan", "phim", "--check").code == 0
    films.write_config(LIMITS)
    assert films.run("plan", "phim", "--check").code == 4
    assert films.run("plan", "phim").code == 0
    result = films.run("plan", "phim", "--check", "--limit-days", 1)
    assert result.code == 3
    assert "cannot be done within 1 days" in result.out
    assert planned(films, "--limit-days", 1)["beyond_days"]["files"]


def test_soft_limits_are_told_of_and_do_not_hold_up(films: CommandLine) -> None:
    films.write_config(LIMITS.replace("amount = 10.0", 'amount = 10.0\nmode = "soft"'))
    record = planned(films, "--operations", "speech_to_text")
    assert record["today"]["files"] == 6
    (passed,) = record["soft_limits_passed"]
    assert passed["limit"] == "minutes"
    films.write_config(LIMITS.replace("default_limits", 'on_limit = "warn"\ndefault_limits'))
    assert planned(films)["today"]["files"] == 6
    assert "exceeds soft limit minutes at" in films.run("plan", "phim").out


def test_a_label_counts_against_the_limits_made_for_it(films: CommandLine) -> None:
    films.write_config(LIMITS.replace("amount = 10.0", 'amount = 10.0\nscope = {team = "a"}'))
    speech = ("--operations", "speech_to_text")
    assert planned(films, *speech)["today"]["files"] == 6
    assert planned(films, *speech, "--tag", "team=a")["today"]["files"] < 6
    assert films.run("plan", "phim", "--tag", "team").code == 2


def test_the_order_can_be_chosen(films: CommandLine) -> None:
    def names(by: str) -> list[str]:
        return [Path(each["name"]).name for each in planned(films, "--sort", by)["files"]]

    assert names("shortest") == ["1.wav", "1.wav", "0.wav", "0.wav", "2.wav", "2.wav"]
    assert names("longest") == ["2.wav", "2.wav", "0.wav", "0.wav", "1.wav", "1.wav"]
    for second, path in enumerate(sorted((films.folder / "phim").rglob("*.wav"), reverse=True)):
        os.utime(path, (1_000 + second, 1_000 + second))
    assert names("oldest") == names("newest")[::-1] == ["2.wav", "1.wav", "0.wav"] * 2


def test_a_file_without_a_readable_header_is_planned_at_the_most_it_can_be(
    films: CommandLine,
) -> None:
    (films.folder / "phim" / "broken.mp3").write_bytes(b"\x01" * 75_000)
    (films.folder / "phim" / "empty.mp3").write_bytes(b"")
    (films.folder / "phim" / ".hidden.mp3").write_bytes(b"\x01" * 75_000)
    record = planned(films)
    (broken,) = (each for each in record["files"] if each["name"].endswith(".mp3"))
    assert (broken["exact"], broken["seconds"]) == (False, "100")
    assert broken["cost_usd"]["low"] == "0.00"
    assert Decimal(broken["cost_usd"]["expected"]) > 0
    skipped = {Path(each["name"]).name: each["why"] for each in record["skipped"]}
    assert skipped == {
        "empty.mp3": "the file is empty",
        ".hidden.mp3": "it is hidden, or it is in a hidden folder",
    }
    shown = films.run("plan", "phim", "--lang", "vi").out
    assert "không lập kế hoạch cho phim/empty.mp3 (tệp rỗng)" in shown.replace(os.sep, "/")
    assert "?: the length is unknown" in films.run("plan", "phim").out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_file_that_may_not_be_read_is_named_and_left_out(films: CommandLine) -> None:
    locked = films.folder / "phim" / "locked.mp3"
    locked.write_bytes(b"\x01" * 75_000)
    locked.chmod(0)
    with modes_hold():
        (unreadable,) = planned(films)["unreadable"]
    assert unreadable["seconds_at_most"] == "100"


def test_a_file_that_vanishes_or_fails_is_named(
    films: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quotakeeper.app.planning import media_files, planner

    def fails(path: Path, ffprobe: str) -> object:
        if path.name == "1.wav":
            raise media_files.unreadable(str(path), PermissionError(13, "Permission denied"))
        return media_files.audio_size(path, ffprobe)

    monkeypatch.setattr(planner, "audio_size", fails)
    record = planned(films)
    assert len(record["unreadable"]) == 2
    assert len(record["files"]) == 4
    assert "is not planned" in films.run("plan", "phim").out


def test_what_cannot_be_planned_is_an_error_with_a_fix(films: CommandLine) -> None:
    (films.folder / "bare").mkdir()
    for arguments in (
        ("absent",), ("bare",), ("phim", "--operations", "sing"), ("phim", "--model", "no-such"),
        ("phim", "--limit-days", 0), ("phim", "--sort", "size"), (),
    ):  # fmt: skip
        assert films.run("plan", *arguments).code == 2, arguments
    assert "speech_to_text" in films.run("plan", "phim", "--operations", "sing").err


def test_a_model_without_a_price_is_marked_not_free(films: CommandLine) -> None:
    with films.keeper() as keeper:
        keeper.record("deepgram", model="nova-99", operation="listen", audio_seconds=60)
    record = planned(films)
    assert record["files"][0]["operations"][0]["cost_usd"]["expected"] is None
    assert record["totals"]["unpriced_files"] == 6
    assert "+?" in films.run("plan", "phim").out


def test_files_named_twice_are_planned_once_and_nothing_is_written(films: CommandLine) -> None:
    one = os.path.join("phim", "0.wav")
    assert len(planned(films, one, "phim")["files"]) == 6
    assert len(json.loads(films.run("plan", one, "--json").out)["files"]) == 1
    assert planned(films) == planned(films)
    with films.keeper() as keeper:
        assert list(keeper.entries()) == []


def test_both_helps_say_which_is_for_what(cli: CommandLine) -> None:
    assert "quotakeeper estimate" in cli.run("plan", "--help").out
    assert "quotakeeper plan" in cli.run("estimate", "--help").out
    assert "Không gửi gì đi" in cli.run("plan", "--help", "--lang", "vi").out
