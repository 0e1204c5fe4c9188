"""Stopping at limits, waiting for them, and going on after."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith


def three_files(bench: Bench) -> None:
    for name in ("1.wav", "2.wav", "3.wav"):
        bench.wav(name, 12_000)


def spoken_minutes(bench: Bench) -> float:
    return bench.totals()["deepgram"]["audio_milliseconds"] / 60_000


def test_when_two_of_three_fit_it_stops_cleanly_and_says_when_to_come_back(bench: Bench) -> None:
    three_files(bench)
    bench.limit("audio_minutes", "0.5")
    run = bench.run()
    assert run.exit_code == 3
    assert "3 media file(s), 3 to be transcribed: 0.60 minutes" in run.text
    assert "speech to text: 2 of 3 files fit in the quota now" in run.text
    assert "if each is transcribed once, 1 if each has to" in run.text
    assert "be transcribed in zh and vi" in run.text
    assert "STOPPED AT A LIMIT: limit 'deepgram daily audio_minutes'" in run.text
    assert "asked 0.2, remaining 0.1" in run.text
    assert "2 of 3 file(s) are finished; 1 remain" in run.text
    assert "2026-11-24 00:00:00 Asia/Ho_Chi_Minh" in run.text
    assert "in 14:00:00" in run.text
    assert "3.wav: voice" not in run.text  # no work is done for a file that does not fit
    assert spoken_minutes(bench) == 0.4
    assert bench.totals() == bench.sandbox.bill.totals()
    assert sorted(path.name for path in bench.out.glob("*.srt")) == ["1.srt", "2.srt"]
    assert bench.problems() == []


def test_the_next_day_the_rest_is_done_and_nothing_is_paid_twice(bench: Bench) -> None:
    three_files(bench)
    bench.limit("audio_minutes", "0.5")
    bench.run()
    again = bench.run()  # still the same day
    assert again.exit_code == 3
    assert "3 media file(s), 1 to be transcribed" in again.text
    assert "0 of 1 files fit in the quota now" in again.text
    assert len(bench.sandbox.bill.charges) == 6
    bench.clock.advance(hours=14)
    assert bench.run().exit_code == 0
    assert len(bench.sandbox.bill.charges) == 9
    assert bench.totals() == bench.sandbox.bill.totals()


def test_with_wait_it_goes_on_at_midnight_by_itself(bench: Bench) -> None:
    three_files(bench)
    bench.limit("audio_minutes", "0.5")
    run = bench.run("--wait")
    assert run.exit_code == 0
    assert "waiting for 2026-11-24 00:00:00 Asia/Ho_Chi_Minh" in run.text
    assert 14 * 3_600 <= sum(bench.clock.slept) < 14 * 3_600 + 60
    assert max(bench.clock.slept) <= 60  # a laptop that slept notices that the night is over
    days = Counter((event.at // 10**6 + 7 * 3_600) // 86_400 for event in bench.events())
    assert list(days.values()) == [6, 3]  # each belongs to the day it was admitted in


def test_a_limit_on_tokens_stops_between_the_steps_and_keeps_the_speech(bench: Bench) -> None:
    bench.wav("a.wav", 12_000)
    bench.limit("tokens", "1700", provider="gemini")
    run = bench.run()
    assert run.exit_code == 3
    assert "STOPPED AT A LIMIT: limit 'gemini daily tokens'" in run.text
    assert (bench.out / "a.srt").exists() and not (bench.out / "a.txt").exists()
    charges = len(bench.sandbox.bill.charges)
    bench.limits.clear()
    assert bench.run().exit_code == 0
    operations = [charge.operation for charge in bench.sandbox.bill.charges]
    assert operations.count("listen") == 1
    assert len(operations) > charges
    assert bench.totals() == bench.sandbox.bill.totals()


def test_a_hard_limit_is_never_passed_by_what_was_reserved(bench: Bench) -> None:
    for number in range(8):
        bench.wav(f"{number}.wav", 3_000 + 700 * number)
    bench.limit("audio_minutes", "0.31")
    bench.limit("tokens", "9000", provider="gemini")
    bench.run()
    assert spoken_minutes(bench) <= 0.31
    assert (
        sum(
            amount for meter, amount in bench.totals()["gemini"].items() if meter.endswith("tokens")
        )
        <= 9_000
    )


def test_a_file_larger_than_the_limit_fails_alone_and_waiting_is_not_tried(bench: Bench) -> None:
    bench.wav("1-long.wav", 40_000)
    bench.wav("2-short.wav", 12_000)
    bench.limit("audio_minutes", "0.5")
    run = bench.run("--wait")
    assert run.exit_code == 3
    assert "1-long.wav: FAILED: this file alone exceeds the limit" in run.text
    assert bench.clock.slept == []
    assert [path.name for path in bench.out.glob("*.srt")] == ["2-short.srt"]


def test_a_limit_per_minute_is_waited_for_without_being_asked(bench: Bench) -> None:
    three_files(bench)
    bench.limit("requests", "1", window="minute")
    run = bench.run()
    assert run.exit_code == 0
    assert 60 <= sum(bench.clock.slept) <= 180
    assert len(bench.sandbox.bill.charges) == 9


def test_a_soft_limit_warns_and_lets_through(bench: Bench) -> None:
    three_files(bench)
    bench.limit("audio_minutes", "0.3", mode="soft")
    run = bench.run()
    assert run.exit_code == 0
    assert "deepgram daily audio_minutes" in run.text  # the keeper's own warning


def test_the_briefs_warning_closes_the_run(bench: Bench) -> None:
    three_files(bench)
    bench.limit("audio_minutes", "0.7")
    run = bench.run()
    assert run.exit_code == 0
    assert "🚨 QUOTA WARNINGS:\n  ⚠️ Deepgram API approaching daily limits" in run.text


def test_the_providers_own_daily_quota_stops_without_a_retry(bench_with: BenchWith) -> None:
    bench = bench_with("429-day=generateContent")
    three_files(bench)
    run = bench.run()
    assert run.exit_code == 3
    assert "PerDay" in run.text and "America/Los_Angeles" in run.text
    assert "2026-11-23 00:00:00 America/Los_Angeles" in run.text
    operations = [charge.operation for charge in bench.sandbox.bill.charges]
    assert operations == ["listen", "generateContent"]
    assert bench.clock.slept == []
    assert bench.totals() == bench.sandbox.bill.totals()
    with bench.keeper() as keeper:  # what the 429 said stands beside the limits
        (told,) = keeper.status().quotas
    assert (told.provider, told.meter, told.window, told.amount, told.source) == (
        "gemini", "requests", "day", 20, "429 reply",
    )  # fmt: skip


def test_the_providers_own_daily_quota_can_be_waited_for(bench_with: BenchWith) -> None:
    bench = bench_with("429-day@1=generateContent")
    bench.wav("a.wav", 5_000)
    assert bench.run("--wait").exit_code == 0
    assert 5 * 3_600 <= sum(bench.clock.slept) < 5 * 3_600 + 60  # midnight in California
    assert bench.totals() == bench.sandbox.bill.totals()
