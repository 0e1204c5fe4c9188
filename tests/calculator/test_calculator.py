"""The brief's TokenCalculator: same calls, same keys, same text, and never an exception."""

from __future__ import annotations

import json
import logging
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.calculator import TokenCalculator
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock

CONFIG = {"timezone": "Asia/Ho_Chi_Minh"}
CHINESE = "大家好，欢迎来到我的频道。"
VIETNAMESE = "Xin chào mọi người, chào mừng đến với kênh của tôi."
BRIEF_SUMMARY = """\
======================================================================
📊 TOKEN USAGE & QUOTA SUMMARY
======================================================================
📅 Date: 2025-09-04 11:22:04
🔄 Total Operations: 2
🔤 Gemini Operations: 1
🎤 Deepgram Operations: 1

🔤 GEMINI API:
  Total Tokens: 6
  Cost: $0.000001
  Daily Tokens: 6 / 15,000,000 (0.0%)
  Daily Cost: $0.000001 / $10.00 (0.0%)

🎤 DEEPGRAM API:
  Total Cost: $0.008600
  Daily Minutes: 2.0 / 1000.0 (0.2%)
  Daily Cost: $0.008600 / $4.30 (0.2%)

💰 OVERALL SUMMARY:
  Total Cost: $0.008601
  Daily Total Cost: $0.008601
======================================================================"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2025-09-04T11:22:04+07:00")


@pytest.fixture
def calculator(tmp_path: Path, clock: FakeClock) -> Any:
    with_ledger = TokenCalculator(tmp_path / "ledger.db", CONFIG, clock=clock)
    yield with_ledger
    with_ledger.close()


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "quotakeeper.calculator"]


def test_the_summary_is_the_briefs_text_exactly(
    calculator: TokenCalculator, caplog: pytest.LogCaptureFixture
) -> None:
    event = calculator.keeper.record(
        "gemini", operation="translate", input_tokens=3, output_tokens=3
    )
    calculator.note_event(event)
    calculator.track_api_call("speech_to_text", audio_duration=120.0, api_type="deepgram")
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="quotakeeper.calculator"):
        calculator.log_summary()
    assert logged(caplog) == BRIEF_SUMMARY.splitlines()
    assert {record.levelno for record in caplog.records} == {logging.INFO}


def test_a_gemini_call_charges_input_as_input_and_output_as_output(
    calculator: TokenCalculator,
) -> None:
    usage = calculator.track_api_call("translate", CHINESE, VIETNAMESE, api_type="gemini")
    assert usage["operation"] == "translate"
    assert usage["api_type"] == "gemini"
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 10
    cost = usage["input_tokens"] * Decimal("0.075") + usage["output_tokens"] * Decimal("0.30")
    assert Decimal(repr(usage["cost_usd"])) == pytest.approx(cost / 1_000_000, abs=Decimal("1e-12"))
    assert (usage["input_language"], usage["output_language"]) == ("zh", "vi")
    assert usage["timestamp"].startswith("2025-09-04T11:22:04")
    assert usage["provenance"] in ("estimated", "tokenizer")
    assert type(usage["cost_usd"]) is float and type(usage["total_tokens"]) is int


def test_a_deepgram_call_is_billed_by_the_second(calculator: TokenCalculator) -> None:
    usage = calculator.track_api_call("speech_to_text", audio_duration=120.5, api_type="deepgram")
    assert usage["audio_duration_seconds"] == 120.5
    assert usage["cost_usd"] == pytest.approx(120.5 / 60 * 0.0043, abs=1e-12)
    assert "input_tokens" not in usage


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"api_type": "openai"}, "api_type"),
        ({"api_type": None}, "api_type"),
        ({"audio_duration": -1, "api_type": "deepgram"}, "negative"),
        ({"audio_duration": float("nan"), "api_type": "deepgram"}, "not finite"),
        ({"audio_duration": float("inf"), "api_type": "deepgram"}, "not finite"),
        ({"audio_duration": 1e300, "api_type": "deepgram"}, "too large"),
        ({"audio_duration": "long", "api_type": "deepgram"}, "not a number"),
        ({"audio_duration": None, "api_type": "deepgram"}, "not a number"),
        ({"audio_duration": 10**400, "api_type": "deepgram"}, "audio_duration"),
        ({"input_text": 7}, "input_text: int is not text"),
        ({"output_text": b"abc"}, "output_text: bytes is not text"),
        ({"audio_duration": 60}, 'give api_type="deepgram"'),
    ],
)
def test_bad_input_is_logged_and_returned_never_raised(
    calculator: TokenCalculator, caplog: pytest.LogCaptureFixture, call: dict[str, Any], says: str
) -> None:
    usage = calculator.track_api_call("x", **call)
    assert says in usage["error"] and usage["operation"] == "x"
    assert logged(caplog)
    assert calculator.token_usage == [] and calculator.total_cost == 0.0
    assert list(calculator.keeper.events()) == []
    assert calculator.daily_usage["gemini_tokens"] == 0


@pytest.mark.parametrize("text", ["", "a\x00b", "\ud800 lone", "🎬" * 1_000, " \n\t "])
def test_unusual_texts_are_counted(calculator: TokenCalculator, text: str) -> None:
    usage = calculator.track_api_call("odd \ud800\x00", text, text)
    assert "error" not in usage
    assert usage["total_tokens"] >= 0


def test_the_status_has_the_briefs_keys_and_warns_from_80_percent(
    calculator: TokenCalculator,
) -> None:
    calculator.track_api_call("a", audio_duration=799.99 * 60, api_type="deepgram")
    status = calculator.check_quota_status()
    assert set(status) == {"gemini", "deepgram", "overall"}
    assert set(status["gemini"]) == {
        "tokens_used", "tokens_limit", "tokens_percent", "cost_used", "cost_limit",
        "cost_percent", "status",
    }  # fmt: skip
    assert set(status["deepgram"]) == {
        "minutes_used", "minutes_limit", "minutes_percent", "cost_used", "cost_limit",
        "cost_percent", "status",
    }  # fmt: skip
    assert status["overall"]["date"] == "2025-09-04"
    assert status["deepgram"]["status"] == "OK"
    assert calculator.get_quota_warnings() == []
    calculator.track_api_call("b", audio_duration=0.6, api_type="deepgram")
    assert calculator.check_quota_status()["deepgram"]["status"] == "WARNING"
    assert calculator.get_quota_warnings() == ["⚠️ Deepgram API approaching daily limits"]
    calculator.keeper.record("gemini", input_tokens=12_000_000)
    assert calculator.get_quota_warnings() == [
        "⚠️ Gemini API approaching daily limits",
        "⚠️ Deepgram API approaching daily limits",
    ]


def test_the_day_sums_all_runs_and_starts_again_at_midnight(
    tmp_path: Path, clock: FakeClock
) -> None:
    first = TokenCalculator(tmp_path / "ledger.db", CONFIG, clock=clock)
    first.track_api_call("a", audio_duration=60, api_type="deepgram")
    second = TokenCalculator(tmp_path / "ledger.db", CONFIG, clock=clock)
    assert second.daily_usage["deepgram_minutes"] == 1.0
    assert second.get_summary()["total_operations"] == 0
    clock.set("2025-09-04T23:59:59+07:00")
    assert second.daily_usage["deepgram_minutes"] == 1.0
    clock.set("2025-09-05T00:00:00+07:00")
    assert second.daily_usage["deepgram_minutes"] == 0.0
    assert second.check_quota_status()["overall"]["date"] == "2025-09-05"
    first.close()
    second.close()


def test_limits_may_be_changed_and_come_from_the_users_config(tmp_path: Path) -> None:
    config = CONFIG | {
        "limit": [
            {"name": "mine", "provider": "deepgram", "meter": "audio_minutes", "window": "day",
             "amount": 10, "mode": "hard"},
        ]
    }  # fmt: skip
    calculator = TokenCalculator(tmp_path / "ledger.db", config)
    assert calculator.quota_limits == {
        "gemini_daily_tokens": None, "gemini_daily_cost": None,
        "deepgram_daily_minutes": 10.0, "deepgram_daily_cost": None,
    }  # fmt: skip
    calculator.quota_limits["deepgram_daily_minutes"] = 2
    calculator.track_api_call("a", audio_duration=96, api_type="deepgram")
    assert calculator.check_quota_status()["deepgram"]["minutes_percent"] == pytest.approx(80.0)
    calculator.quota_limits["deepgram_daily_minutes"] = 0
    assert calculator.get_quota_warnings()
    del calculator.quota_limits["deepgram_daily_minutes"]
    assert "error" in calculator.check_quota_status()
    calculator.log_summary()
    calculator.close()


def test_an_export_is_written_completely_or_not_at_all(
    calculator: TokenCalculator, tmp_path: Path
) -> None:
    calculator.track_api_call("dịch", CHINESE, VIETNAMESE)
    target = tmp_path / "báo cáo.json"
    assert calculator.export_to_file(target)
    data = json.loads(target.read_text(encoding="utf-8"))
    assert list(data) == ["schema", "summary", "operations", "export_timestamp"]
    assert data["schema"] == 1
    assert data["operations"][0]["operation"] == "dịch"
    assert data["summary"]["total_tokens"] == calculator.total_tokens
    before = target.read_bytes()
    assert not calculator.export_to_file(tmp_path / "no such folder" / "x.json")
    assert not calculator.export_to_file("\0")
    calculator.token_usage.append({"operation": object()})
    assert not calculator.export_to_file(target)
    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path))[-1] == target.name or target.name in os.listdir(tmp_path)
    assert not [name for name in os.listdir(tmp_path) if ".part-" in name]


def test_reset_clears_the_run_but_not_the_day(calculator: TokenCalculator) -> None:
    calculator.track_api_call("a", audio_duration=60, api_type="deepgram")
    assert calculator.total_cost == pytest.approx(0.0043)
    calculator.reset()
    assert calculator.token_usage == [] and calculator.total_tokens == 0
    assert calculator.total_cost == 0.0
    assert calculator.daily_usage["deepgram_minutes"] == 1.0


def test_estimates_have_the_keys_of_the_brief_and_book_nothing(calculator: TokenCalculator) -> None:
    counted = calculator.calculate_tokens_gemini(VIETNAMESE)
    assert counted["estimated_tokens"] > 5 and counted["language"] == "vi"
    assert counted["input_cost_usd"] == pytest.approx(counted["estimated_tokens"] * 0.075e-6)
    assert counted["output_cost_usd"] == pytest.approx(counted["estimated_tokens"] * 0.30e-6)
    assert calculator.calculate_tokens_deepgram(90)["cost_usd"] == pytest.approx(1.5 * 0.0043)
    assert calculator.calculate_tokens_deepgram(-1)["error"]
    assert calculator.calculate_tokens_gemini(None)["error"]  # type: ignore[arg-type]
    assert calculator.keeper.usage() == []


def test_a_ledger_that_cannot_be_used_does_not_stop_the_host(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "ledger.db"
    broken.write_text("this is not a database, and it is long enough to be read as one" * 50)
    calculator = TokenCalculator(broken, CONFIG)
    assert any("memory" in line for line in logged(caplog))
    usage = calculator.track_api_call("a", audio_duration=60, api_type="deepgram")
    assert usage["cost_usd"] == pytest.approx(0.0043)
    assert calculator.daily_usage["deepgram_minutes"] == 1.0
    assert broken.read_text().startswith("this is not a database")
    calculator.close()


def test_a_broken_config_does_not_stop_the_host(tmp_path: Path) -> None:
    (tmp_path / "q.toml").write_text("[[limit]\n")
    calculator = TokenCalculator(tmp_path / "ledger.db", tmp_path / "q.toml")
    assert "error" not in calculator.track_api_call("a", "x", "y")
    calculator.close()


def test_after_close_nothing_raises(calculator: TokenCalculator) -> None:
    calculator.close()
    late = calculator.track_api_call("late", "x", "y")
    assert late["total_tokens"] > 0  # spooled; a later keeper books it
    assert "error" in calculator.check_quota_status()
    assert calculator.get_quota_warnings()[0].startswith("❌")
    calculator.log_summary()
    assert calculator.daily_usage["gemini_tokens"] == 0
    with Keeper(calculator.keeper.settings.ledger, CONFIG) as keeper:
        assert [event.labels.operation for event in keeper.events()] == ["late"]


def test_threads_share_one_calculator(calculator: TokenCalculator) -> None:
    def track() -> None:
        for _ in range(25):
            calculator.track_api_call("a", audio_duration=6, api_type="deepgram")

    threads = [threading.Thread(target=track) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calculator.get_summary()["total_operations"] == 200
    assert calculator.daily_usage["deepgram_minutes"] == pytest.approx(20.0)


def test_an_event_booked_by_another_program_is_not_counted_twice(
    calculator: TokenCalculator, tmp_path: Path
) -> None:
    with calculator.keeper.reserve("deepgram", operation="stt", audio_seconds=70) as call:
        event = call.settle(audio_seconds=60)
    usage = calculator.note_event(event)
    assert usage["provenance"] == "reported"
    assert calculator.total_cost == pytest.approx(0.0043)
    assert calculator.daily_usage["deepgram_minutes"] == 1.0
    with Keeper(tmp_path / "ledger.db", CONFIG) as other:
        assert len(list(other.events())) == 1


@pytest.mark.parametrize("variable", ["QUOTAKEEPER_DURABILITY", "QUOTAKEEPER_TIMEZONE"])
def test_a_wrong_environment_variable_does_not_stop_the_host(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "no such thing")
    calculator = TokenCalculator(tmp_path / "ledger.db")
    assert "error" not in calculator.track_api_call("a", "x", "y")
    assert calculator.check_quota_status()["gemini"]["status"] == "OK"
    calculator.close()


def test_a_signal_handler_may_read_while_a_call_is_counted(calculator: TokenCalculator) -> None:
    asked: list[int] = []

    class Interrupting(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            if not asked:
                asked.append(1)
                asked.append(calculator.get_summary()["total_operations"])
            return super().get(key, default)

    event = calculator.keeper.record("gemini", input_tokens=1)
    with calculator._lock:  # as if the signal came while its own thread holds it
        calculator._note(Interrupting(api_type="gemini", total_tokens=1), event)
    assert asked == [1, 1]


def test_a_call_that_the_ledger_refuses_is_counted_and_booked_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calculator = TokenCalculator(tmp_path / "ledger.db", CONFIG)
    store = calculator.keeper._engine.worker.store
    with monkeypatch.context() as broken:

        def full(commands: Any, now: int) -> Any:
            raise LedgerUnavailableError("ledger.db", "the disk is full")

        broken.setattr(store, "apply", full)
        usage = calculator.track_api_call("a", audio_duration=60, api_type="deepgram")
    assert usage["cost_usd"] == pytest.approx(0.0043)
    assert calculator.get_summary()["total_operations"] == 1
    calculator.close()
    with Keeper(tmp_path / "ledger.db", CONFIG) as keeper:
        assert [event.quantities["audio_milliseconds"] for event in keeper.events()] == [60_000]


def summary_of(calculator: TokenCalculator, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="quotakeeper.calculator"):
        calculator.log_summary()
    return logged(caplog)


def test_the_summary_names_only_limits_in_force(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    mine = {"name": "mine", "provider": "gemini", "meter": "tokens", "window": "day", "amount": 600}
    for limits in ({"default_limits": False}, {"limit": [mine]}):
        calculator = TokenCalculator("memory:", {**CONFIG, **limits}, clock=clock)
        calculator.keeper.record("gemini", input_tokens=3, output_tokens=3)
        lines = summary_of(calculator, caplog)
        share = " / 600 (1.0%)" if "limit" in limits else ""
        assert f"  Daily Tokens: 6{share}" in lines
        assert "  Daily Cost: $0.000001" in lines
        assert "  Daily Minutes: 0.0" in lines
        status = calculator.check_quota_status()
        assert (status["gemini"]["cost_limit"], status["gemini"]["cost_percent"]) == (None, None)
        assert status["deepgram"]["status"] == "OK"
        assert calculator.get_quota_warnings() == []
        calculator.close()


def test_an_unknown_cost_is_not_shown_as_zero(
    calculator: TokenCalculator, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    for _ in range(2):
        event = calculator.keeper.record("gemini", model="gemini-9-argon", input_tokens=3)
        usage = calculator.note_event(event)
        assert (usage["cost_usd"], usage["unpriced"]) == (None, True)
    lines = summary_of(calculator, caplog)
    unknown = "unpriced: 2 calls, cost unknown"
    assert f"  Cost: {unknown}" in lines
    assert f"  Daily Cost: {unknown} / $10.00" in lines
    assert f"  Total Cost: {unknown}" in lines and f"  Daily Total Cost: {unknown}" in lines
    part = calculator.check_quota_status()["gemini"]
    assert (part["cost_used"], part["cost_percent"]) == (None, None)
    assert (part["unpriced_calls"], part["status"]) == (2, "UNKNOWN")
    assert calculator.daily_usage["gemini_cost"] is None
    summary = calculator.get_summary()
    assert (summary["gemini_cost_usd"], summary["total_cost_usd"]) == (None, None)
    assert summary["unpriced_operations"] == 2
    assert calculator.export_to_file(tmp_path / "x.json")
    data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert [each["cost_usd"] for each in data["operations"]] == [None, None]
    calculator.track_api_call("a", audio_duration=60, api_type="deepgram")
    calculator.note_event(calculator.keeper.record("gemini", input_tokens=40))
    lines = summary_of(calculator, caplog)
    assert f"  Cost: $0.000003, {unknown}" in lines
    assert f"  Daily Cost: $0.000003 / $10.00 (0.0%), {unknown}" in lines
    assert f"  Total Cost: $0.004303, {unknown}" in lines
    calculator.keeper.record("gemini", input_tokens=12_000_000)
    assert calculator.check_quota_status()["gemini"]["status"] == "WARNING"
