"""`quotakeeper status`: pinned for other programs, legible for people."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from quotakeeper import Keeper
from tests.cli.conftest import CommandLine, golden

LIMIT = """
[[limit]]
name = "calls"
provider = "gemini"
meter = "requests"
window = "hour"
amount = 10
mode = "{mode}"
"""


def record(cli: CommandLine, count: int, **given: object) -> None:
    with cli.keeper(on_warning=lambda verdict: None, **given) as keeper:
        for number in range(count):
            keeper.record("gemini", model="gemini-2.5-flash", event_id=f"{count}-{number}")


def test_json_is_as_other_programs_rely_on(busy: CommandLine) -> None:
    result = busy.run("status", "--json")
    assert result.code == 0
    record = json.loads(result.out)
    assert record["schema"] == 1
    assert record["as_of"] == "2026-11-23T12:45:03Z"
    pinned = "name provider meter window amount used reserved remaining percent state resets_at"
    by_name = {each["name"]: each for each in record["limits"]}
    assert {name: {key: each[key] for key in pinned.split()} for name, each in by_name.items()} == {
        "gemini daily tokens": {
            "name": "gemini daily tokens", "provider": "gemini", "meter": "tokens",
            "window": "day", "amount": "15000000", "used": "12307000", "reserved": "0",
            "remaining": "2693000", "percent": "82.05", "state": "warning",
            "resets_at": "2026-11-24T00:00:00Z",
        },
        "gemini daily cost": {
            "name": "gemini daily cost", "provider": "gemini", "meter": "cost",
            "window": "day", "amount": "10.00", "used": "4.3537", "reserved": "0.00",
            "remaining": "5.6463", "percent": "43.54", "state": "unknown",
            "resets_at": "2026-11-24T00:00:00Z",
        },
        "deepgram daily minutes": {
            "name": "deepgram daily minutes", "provider": "deepgram", "meter": "audio_minutes",
            "window": "day", "amount": "1000", "used": "1003.008333", "reserved": "0",
            "remaining": "0", "percent": "100.3", "state": "exceeded",
            "resets_at": "2026-11-24T00:00:00Z",
        },
        "deepgram daily cost": {
            "name": "deepgram daily cost", "provider": "deepgram", "meter": "cost",
            "window": "day", "amount": "4.30", "used": "4.312935833333", "reserved": "0.00",
            "remaining": "0.00", "percent": "100.3", "state": "exceeded",
            "resets_at": "2026-11-24T00:00:00Z",
        },
    }  # fmt: skip
    for each in record["limits"]:
        for key in ("amount", "used", "reserved", "remaining", "percent"):
            assert isinstance(each[key], str)
            assert Decimal(each[key]) >= 0


def test_json_shows_what_is_reserved(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        call = keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=1_000)
        limits = json.loads(cli.run("status", "--json").out)["limits"]
        call.release()
    assert limits[0]["reserved"] == "1000"
    assert limits[0]["remaining"] == "14999000"


@pytest.mark.parametrize("width", [60, 100])
def test_table(busy: CommandLine, width: int) -> None:
    busy.environment.setenv("COLUMNS", str(width))
    result = busy.run("status")
    assert result.err == ""
    golden(f"status-{width}.txt", result.out)
    assert max(map(len, result.out.splitlines()[:-1])) <= width


def test_table_in_vietnamese(busy: CommandLine) -> None:
    golden("status-vi.txt", busy.run("status", "--lang", "vi").out)
    busy.environment.setenv("LANG", "vi_VN.UTF-8")
    golden("status-vi.txt", busy.run("status").out)
    busy.environment.setenv("QUOTAKEEPER_LANG", "en")
    assert busy.run("status").out.startswith("Quotas at")


def test_colour_only_when_asked_and_never_alone(busy: CommandLine) -> None:
    plain = busy.run("status").out
    coloured = busy.run("status", "--color", "always").out
    assert "\x1b[" not in plain
    assert "\x1b[1;31mOVER\x1b[0m" in coloured
    assert "\x1b[33mWARN\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain
    busy.environment.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in busy.run("status").out
    busy.environment.setenv("NO_COLOR", "1")
    assert "\x1b[" not in busy.run("status").out


@pytest.mark.parametrize(
    ("mode", "calls", "code"),
    [
        ("hard", 0, 0),
        ("hard", 7, 0),
        ("hard", 8, 4),
        ("hard", 9, 4),
        ("hard", 10, 3),
        ("hard", 11, 3),
        ("soft", 8, 4),
        ("soft", 11, 4),
        ("shadow", 11, 0),
    ],
)
def test_check_ends_with_a_code_that_scripts_can_use(
    cli: CommandLine, mode: str, calls: int, code: int
) -> None:
    cli.write_config(LIMIT.format(mode=mode))
    record(cli, calls)
    assert cli.run("status", "--check").code == code
    assert cli.run("status", "--check", "--json").code == code
    assert cli.run("status").code == 0


def test_without_limits_it_says_how_to_set_one(cli: CommandLine) -> None:
    cli.write_config("default_limits = false\n")
    assert "quotakeeper limits set" in cli.run("status").out
    assert json.loads(cli.run("status", "--json").out)["limits"] == []
    assert cli.run("status", "--check").code == 0


def test_a_new_day_is_a_new_balance(busy: CommandLine) -> None:
    busy.clock.advance(hours=12)
    limits = json.loads(busy.run("status", "--json").out)["limits"]
    assert {each["state"] for each in limits} == {"ok"}
    assert {each["resets_at"] for each in limits} == {"2026-11-25T00:00:00Z"}


def test_global_options_may_stand_anywhere(busy: CommandLine, tmp_path: object) -> None:
    with Keeper("other.db", clock=busy.clock) as other:
        other.record("gemini", requests=0)
    before = busy.run("--ledger", "other.db", "status", "--json")
    after = busy.run("status", "--json", "--ledger=other.db")
    assert before.out == after.out
    assert json.loads(after.out)["limits"][0]["used"] == "0"
