"""`quotakeeper prices` and `quotakeeper estimate`."""

from __future__ import annotations

import io
import json
import sys
import wave
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine


def sound(path: Path, seconds: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0" * 8_000 * seconds)
    return path


def test_list_shows_date_source_and_confidence(cli: CommandLine) -> None:
    record = json.loads(cli.run("prices", "list", "--json").out)
    assert (record["schema"], record["currency"]) == (1, "USD")
    assert {row["provider"] for row in record["prices"]} >= {"gemini", "deepgram"}
    for row in record["prices"]:
        assert Decimal(row["usd"]) >= 0
        assert isinstance(row["usd"], str)
        assert row["effective_from"] and row["source"] and row["confidence"]
    only = json.loads(cli.run("prices", "list", "--provider", "deepgram", "--json").out)
    assert {row["provider"] for row in only["prices"]} == {"deepgram"}
    assert len(only["prices"]) < len(record["prices"])
    out = cli.run("prices", "list").out
    assert "CONFIDENCE" in out
    assert "source: " in out
    assert cli.run("prices", "list", "--provider", "no-such-provider").code == 2


def test_show_is_what_is_in_force_at_a_date(cli: CommandLine) -> None:
    now = json.loads(cli.run("prices", "show", "gemini-2.5-flash", "--json").out)["prices"]
    plain = [row for row in now if row["meter"] == "input_tokens" and not row["options"]]
    assert [row["usd"] for row in plain] == ["0.30"]
    for row in now:
        assert row["model"] in ("gemini-2.5-flash", "*")
    early = cli.run("prices", "show", "gemini-2.5-flash", "--at", "2020-01-01")
    assert early.code == 0
    assert "Prices of gemini/gemini-2.5-flash at 2020-01-01 00:00:00" in early.out


def test_show_knows_the_long_forms_of_a_name(cli: CommandLine) -> None:
    short = cli.run("prices", "show", "gemini-2.5-flash", "--at", "2026-11-01", "--json").out
    assert (
        cli.run("prices", "show", "models/gemini-2.5-flash", "--at", "2026-11-01", "--json").out
        == short
    )


def test_an_unknown_model_names_the_nearest(cli: CommandLine) -> None:
    result = cli.run("prices", "show", "gemini-2.5-flsh")
    assert (result.code, result.out) == (2, "")
    assert "did you mean" in result.err
    assert "gemini-2.5-flash" in result.err
    assert cli.run("prices", "show", "zzz").err.count("\n") == 3


def test_own_price_files_count(cli: CommandLine) -> None:
    version = json.loads(cli.run("prices", "list", "--json").out)["version"]
    assert version.startswith("20")
    cli.write_config('price_files = ["absent.toml"]\n')
    assert cli.run("prices", "list").code == 78


def test_estimate_a_text(cli: CommandLine) -> None:
    (cli.folder / "a.txt").write_text(
        "Xin chào các bạn, hôm nay trời đẹp quá. " * 20, encoding="utf-8"
    )
    record = json.loads(cli.run("estimate", "text", "a.txt", "--json").out)
    assert record["provenance"] == "estimated"
    assert 0 < record["tokens"] <= record["upper_bound"]
    assert record["texts"][0]["language"] == "vi"
    costs = {each["model"]: Decimal(each["cost_usd"]) for each in record["costs"]}
    expected = record["tokens"] * Decimal("0.30") / 1_000_000
    assert costs["gemini/gemini-2.5-flash"] == expected
    out = cli.run("estimate", "text", "a.txt", "--model", "gemini-2.5-flash").out
    assert "gemini/gemini-2.5-flash" in out
    assert "gemini-2.5-pro" not in out


def test_estimate_a_text_from_the_command_line_or_stdin(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = json.loads(cli.run("estimate", "text", "--text", "hello world", "--json").out)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfhello world")))
    piped = json.loads(cli.run("estimate", "text", "-", "--json").out)
    assert piped["tokens"] == given["tokens"] > 0
    assert cli.run("estimate", "text").code == 2
    assert cli.run("estimate", "text", "absent.txt").code == 2
    assert cli.run("estimate", "text", "--text", "x", "--model", "gemini-0").code == 2


def test_estimate_sound_by_its_header_else_by_its_size(cli: CommandLine) -> None:
    sound(cli.folder / "a.wav", 90)
    (cli.folder / "b.bin").write_bytes(b"\x01" * 5_000)
    (cli.folder / "empty.mp3").write_bytes(b"")
    record = json.loads(cli.run("estimate", "audio", "a.wav", "b.bin", "empty.mp3", "--json").out)
    assert [(x["seconds"], x["exact"]) for x in record["audio"]] == [
        ("90", True), ("6.667", False), ("0", True),
    ]  # fmt: skip
    assert record["audio_seconds"] == "96.667"
    one = json.loads(cli.run("estimate", "audio", "a.wav", "--model", "nova-2", "--json").out)
    assert one["costs"] == [{"model": "deepgram/nova-2", "cost_usd": "0.00645"}]
    out = cli.run("estimate", "audio", "a.wav", "b.bin").out
    assert "file size (upper bound)" in out
    assert cli.run("estimate", "audio", "absent.wav").code == 2
    assert cli.run("estimate", "audio").code == 2


def test_estimate_a_folder_adds_up(cli: CommandLine) -> None:
    inner = cli.folder / "phim" / "tập 1"
    inner.mkdir(parents=True)
    sound(inner / "a.wav", 60)
    sound(cli.folder / "phim" / "b.wav", 30)
    (inner / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n你好\n", encoding="utf-8")
    (inner / "skip.exe").write_bytes(b"\0")
    record = json.loads(cli.run("estimate", "folder", "phim", "--json").out)
    assert record["audio_seconds"] == "90"
    assert len(record["texts"]) == 1
    models = [each["model"] for each in record["costs"]]
    assert {"gemini/gemini-2.5-flash", "deepgram/nova-2"} <= set(models)
    assert len(models) == len(set(models)), "speech models are priced for sound alone"
    assert "total" in cli.run("estimate", "folder", "phim").out
    assert cli.run("estimate", "folder", "absent").code == 2
    (cli.folder / "bare").mkdir()
    assert cli.run("estimate", "folder", "bare").code == 2
