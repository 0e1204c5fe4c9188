"""Whole runs on real recordings against the sandbox: outputs, books and bill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from quotakeeper import Provenance
from quotakeeper.pipeline.checkpoint import TOOL

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith

NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")


@pytest.fixture
def samples(repository: object) -> str:
    return f"{repository}/samples"


@pytest.mark.parametrize("ffmpeg", ["off", pytest.param("auto", marks=NEEDS_FFMPEG)])
def test_the_ledger_is_the_bill_to_the_last_unit(bench: Bench, samples: str, ffmpeg: str) -> None:
    run = bench.run(inputs=[samples], ffmpeg=ffmpeg)
    assert run.exit_code == 0, run.text
    assert bench.totals() == bench.sandbox.bill.totals()
    events = bench.events()
    assert {event.provenance for event in events} == {Provenance.REPORTED}
    assert all(event.cost_pico for event in events)
    assert bench.problems() == []


def test_what_comes_out_is_timed_translated_and_rewritten(bench: Bench, samples: str) -> None:
    bench.run(inputs=[samples])
    srt = bench.output("xin-chao.srt")
    assert srt.startswith(
        "1\n00:00:00,350 --> 00:00:04,160\nChào mọi người, chào mừng đến với kênh của chúng tôi.\n\n2\n"
    )
    assert srt.count(" --> ") == 4
    text = bench.output("xin-chao.txt")
    headings = ("TIÊU ĐỀ", "BÀI VIẾT", "CHÚ THÍCH", "KÊU GỌI HÀNH ĐỘNG", "LỜI THOẠI", "NGUYÊN VĂN")
    assert [line for line in text.splitlines() if line in headings] == list(headings)
    assert "\n5. " in text and "\n6. " not in text
    state = json.loads(bench.output("xin-chao.json"))
    assert list(state.items())[:2] == [("schema", 1), ("tool", TOOL)]
    assert set(state["steps"]) == {
        "speech_to_text:zh", "speech_to_text", "translate", "rewrite",
    }  # fmt: skip


def test_the_run_ends_with_the_briefs_summary(bench: Bench, samples: str) -> None:
    run = bench.run(inputs=[samples])
    lines = run.text.splitlines()
    at = lines.index("📊 TOKEN USAGE & QUOTA SUMMARY")
    assert lines[at - 1] == lines[at + 1] == "=" * 70
    calls = len(bench.sandbox.bill.charges)
    assert f"🔄 Total Operations: {calls}" in lines
    tokens = bench.totals()["gemini"]
    spoken = sum(amount for meter, amount in tokens.items() if meter.endswith("_tokens"))
    assert f"  Total Tokens: {spoken:,}" in lines


def test_vietnamese_is_heard_at_the_second_asking_and_not_translated(
    bench: Bench, samples: str
) -> None:
    run = bench.run(inputs=[f"{samples}/ha-noi.mp3"])
    assert run.exit_code == 0
    operations = [(charge.operation, charge.model) for charge in bench.sandbox.bill.charges]
    assert operations == [
        ("listen", "nova-3"), ("listen", "nova-3"), ("generateContent", "gemini-3.5-flash-lite"),
    ]  # fmt: skip
    assert "Hồ Gươm buổi sáng rất yên tĩnh." in bench.output("ha-noi.srt")
    assert "NGUYÊN VĂN" not in bench.output("ha-noi.txt")
    assert bench.totals() == bench.sandbox.bill.totals()


def test_a_second_run_pays_nothing_and_changes_nothing(bench: Bench, samples: str) -> None:
    bench.run(inputs=[samples])
    before = {path.name: path.read_bytes() for path in bench.out.iterdir()}
    calls = len(bench.sandbox.bill.charges)
    again = bench.run(inputs=[samples])
    assert again.exit_code == 0
    assert "nothing was paid" in again.text
    assert len(bench.sandbox.bill.charges) == calls == len(bench.events())
    assert {path.name: path.read_bytes() for path in bench.out.iterdir()} == before


def test_what_changed_is_paid_again_and_only_that(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.run()
    calls = len(bench.sandbox.bill.charges)
    assert bench.run("--model", "gemini-2.5-flash").exit_code == 0
    later = [charge.operation for charge in bench.sandbox.bill.charges[calls:]]
    assert later == ["generateContent", "generateContent"]  # the speech is known
    calls = len(bench.sandbox.bill.charges)
    bench.run("--model", "gemini-2.5-flash", "--stt-model", "nova-2")
    again = [(charge.operation, charge.model) for charge in bench.sandbox.bill.charges[calls:]]
    assert again == [("listen", "nova-2")]  # it heard the same, so the texts are known
    bench.wav("a.wav", 6_000)
    calls = len(bench.sandbox.bill.charges)
    bench.run("--model", "gemini-2.5-flash")
    assert bench.sandbox.bill.charges[calls].operation == "listen"
    calls = len(bench.sandbox.bill.charges)
    forced = bench.run("--model", "gemini-2.5-flash", "--force")
    assert "1 to be transcribed" in forced.text
    assert len(bench.sandbox.bill.charges) == calls + 3
    assert bench.totals() == bench.sandbox.bill.totals()


def test_thoughts_are_booked_as_thoughts(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.run("--model", "gemini-2.5-pro")
    booked = bench.totals()["gemini"]
    assert booked["thought_tokens"] > 0
    assert booked == bench.sandbox.bill.totals()["gemini"]


def test_scope_labels_and_the_model_served_are_booked(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.run("--scope", "project=phim-01")
    for event in bench.events():
        assert ("project", "phim-01") in event.labels.scope
        assert event.model_served in ("nova-3", "gemini-3.5-flash-lite")
        assert event.duration_ms is not None


def test_no_tracking_leaves_no_ledger_and_stops_at_nothing(bench: Bench, samples: str) -> None:
    bench.limit("audio_minutes", "0.01")
    script = bench.folder / "other"
    script.mkdir()
    environ = {**os.environ, **bench.environ(), "QUOTAKEEPER_LEDGER": str(script / "ledger.db")}
    command = [
        sys.executable,
        "-S",
        f"{samples}/../run/all_in_one_backup.py",
        f"{samples}/xin-chao.wav",
    ]
    command += ["--out", str(bench.out), "--ffmpeg", "off", "--no-tracking"]
    done = subprocess.run(
        command, env=environ, capture_output=True, encoding="utf-8", check=False, cwd=script
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(script.iterdir()) == []
    assert "🎤 Deepgram: 1 calls, 0.27 minutes" in done.stdout


def test_a_bare_python_runs_it_as_a_script(bench: Bench, samples: str) -> None:
    environ = {
        **os.environ,
        **bench.environ(),
        "QUOTAKEEPER_LEDGER": str(bench.folder / "ledger.db"),
        "PYTHONIOENCODING": "cp1258:strict",
    }
    command = [sys.executable, "-S", "-X", "dev", f"{samples}/../run/all_in_one_backup.py", samples]
    command += ["--out", str(bench.out), "--export", str(bench.folder / "usage.json")]
    done = subprocess.run(command, env=environ, capture_output=True, check=False, cwd=bench.folder)
    said = done.stdout.decode("cp1258") + done.stderr.decode("cp1258")
    assert done.returncode == 0, said
    assert "Traceback" not in said and "Warning" not in said
    assert "TOKEN USAGE & QUOTA SUMMARY" in said
    assert bench.totals() == bench.sandbox.bill.totals()
    exported = json.loads((bench.folder / "usage.json").read_text(encoding="utf-8"))
    assert len(exported["operations"]) == len(bench.sandbox.bill.charges)


def test_help_names_keys_and_exit_codes(repository: object) -> None:
    command = [sys.executable, "-S", f"{repository}/run/all_in_one_backup.py", "--help"]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    for word in ("DEEPGRAM_API_KEY", "GEMINI_API_KEY", "--wait", "Exit codes", "--no-tracking"):
        assert word in shown


def test_models_of_other_settings_reach_the_request(bench_with: BenchWith) -> None:
    bench = bench_with()
    bench.wav("a.wav", 5_000)
    bench.run("--stt-model", "nova-2", "--language", "zh-TW", "--no-rewrite")
    assert [charge.model for charge in bench.sandbox.bill.charges] == [
        "nova-2", "gemini-3.5-flash-lite",
    ]  # fmt: skip
    assert json.loads(bench.output("a.json"))["steps"]["speech_to_text"]["language"] == "zh-TW"


def test_listening_in_many_languages_is_booked_at_its_own_price(bench: Bench) -> None:
    bench.wav("a.wav", 60_000)
    bench.run("--language", "multi", "--no-rewrite")
    bench.run("--language", "zh", "--no-rewrite")
    multi, one = (e.cost_pico for e in bench.events() if e.labels.provider == "deepgram")
    assert (multi, one) == (5_200_000_000, 4_300_000_000)
