"""`quotakeeper today`, `quotakeeper` alone, and `statusline`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine, golden


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_today_fits_a_usual_terminal(busy: CommandLine, lang: str) -> None:
    busy.environment.setenv("COLUMNS", "80")
    result = busy.run("today", "--lang", lang)
    assert (result.code, result.err) == (0, "")
    golden(f"today-{lang}.txt", result.out)
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24


def test_quotakeeper_alone_shows_today(busy: CommandLine) -> None:
    assert busy.run().out == busy.run("today").out
    assert busy.run("--lang", "vi").out == busy.run("today", "--lang", "vi").out
    assert busy.run("--help").out.startswith("Usage:")


def test_the_most_urgent_limit_comes_first(busy: CommandLine) -> None:
    record = json.loads(busy.run("today", "--json").out)
    states = [limit["state"] for limit in record["limits"]]
    assert states == ["exceeded", "exceeded", "warning", "unknown"]
    assert record["calls"] == 5
    assert record["unpriced_calls"] == 1
    assert record["provenance"] == {"estimated": 1, "reported": 4}
    assert [each["provider"] for each in record["providers"]] == ["deepgram", "gemini"]
    assert len(record["hours"]) == 13
    assert sum(hour["calls"] for hour in record["hours"]) == 5
    assert record["before_by_now_cost_usd"] == "0.00"


def test_yesterday_is_counted_to_the_same_time(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", audio_seconds=6_000)  # yesterday at 12:00
        cli.clock.advance(hours=6)
        keeper.record("deepgram", model="nova-3", audio_seconds=60_000)  # and at 18:00
    early = cli.clock.now()
    cli.clock.advance(hours=17)
    assert cli.clock.now() > early
    at_eleven = json.loads(cli.run("today", "--json").out)
    cli.clock.advance(hours=2)
    at_one = json.loads(cli.run("today", "--json").out)
    assert at_eleven["before_by_now_cost_usd"] == "0.00"
    assert at_one["before_by_now_cost_usd"] == "0.43"


def test_without_a_ledger_it_says_what_to_do_and_makes_nothing(cli: CommandLine) -> None:
    result = cli.run("--color", "never")
    assert result.code == 0
    assert "quotakeeper init" in result.out
    assert str(cli.ledger) in result.out
    assert cli.run("statusline").out == "$0.00 today · gemini daily tokens 0.0% OK\n"
    assert json.loads(cli.run("today", "--json").out)["ledger_exists"] is False
    assert not cli.ledger.exists()


def test_a_mistyped_ledger_is_an_error_also_here(cli: CommandLine) -> None:
    for command in ("today", "statusline"):
        result = cli.run(command, "--ledger", "absent.db")
        assert (result.code, result.out) == (2, "")
        assert "there is no file" in result.err


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (60, "$8.67+? today · deepgram daily minutes 100.3% OVER"),
        (40, "$8.67+? today · deepgram da… 100.3% OVER"),
        (30, "$8.67+? today · 100.3% OVER"),
        (10, "$8.67+? t…"),
    ],
)
def test_the_status_line_keeps_to_its_width(busy: CommandLine, width: int, line: str) -> None:
    result = busy.run("statusline", "--width", width)
    assert (result.out, result.err) == (line + "\n", "")


def test_the_status_line_says_that_calls_are_paused(busy: CommandLine) -> None:
    busy.run("pause", "--why", "a loop")
    assert busy.run("statusline", "--width", 80).out.startswith("PAUSED · $8.67+? today")
    assert busy.run("statusline", "--lang", "vi").out.startswith("TẠM DỪNG · hôm nay 8,67 US$")
    record = json.loads(busy.run("statusline", "--json").out)
    assert (record["paused"], record["cost_usd"]) == (True, "8.666635833333")
    assert record["limit"]["name"] == "deepgram daily minutes"


@pytest.mark.parametrize("width", ["9", "-1", "1001"])
def test_a_width_that_makes_no_sense_is_refused(cli: CommandLine, width: str) -> None:
    result = cli.run("statusline", f"--width={width}")
    assert result.code == 2
    assert f"{width} columns" in result.err


def test_the_status_line_loads_neither_click_nor_rich(busy: CommandLine, repository: Path) -> None:
    code = (
        "import sys; from quotakeeper.__main__ import main; code = main(); "
        "loaded = {'click', 'rich', 'tomlkit', 'platformdirs', 'asyncio', 'http.client'}; "
        "sys.exit(f'loaded: {loaded & set(sys.modules)}' if loaded & set(sys.modules) else code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "--lang", "en", "statusline"],
        capture_output=True, text=True, check=False, cwd=busy.folder,
        env={**os.environ, "PYTHONPATH": str(repository / "src"), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "today" in ran.stdout
