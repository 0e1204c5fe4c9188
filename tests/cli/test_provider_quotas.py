"""The providers' own quotas beside one's own limits, and presets of them."""

from __future__ import annotations

import json

import pytest

from quotakeeper.config import load_settings
from quotakeeper.metering.quota_notes import note_quotas
from quotakeeper.providers.contract import QuotaReading
from tests.cli.conftest import CommandLine

HEADING = "The providers' own quotas (shown, not enforced):"
LINES = f"""\
{HEADING}
  gemini gemini-2.5-flash: 20 requests per day · resets 08:00, in 19 h 56 min
    429 reply, 3 minutes ago
  openai gpt-4o: 5,000 requests · 4,999 requests left · resets 12:13, in 9 min 40 s
    response header, 3 minutes ago
"""


@pytest.fixture
def told(cli: CommandLine) -> CommandLine:
    """A ledger in which two replies told of quotas, three minutes ago."""
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
        note_quotas(keeper, "gemini", "gemini-2.5-flash", [
            QuotaReading("GenerateRequestsPerDay", "requests", "day", "America/Los_Angeles",
                         amount=20)])  # fmt: skip
        note_quotas(keeper, "openai", "gpt-4o", [
            QuotaReading("x-ratelimit-requests", "requests", amount=5_000, remaining=4_999,
                         resets_in_us=13 * 60_000_000, in_headers=True)])  # fmt: skip
    cli.clock.advance(minutes=3, seconds=20)
    return cli


def test_status_shows_them_with_source_and_age(told: CommandLine) -> None:
    result = told.run("status")
    assert result.code == 0
    assert result.out.endswith(LINES)


def test_watch_and_plan_show_them_too(told: CommandLine) -> None:
    watch = told.run("watch", "--once").out
    assert HEADING in watch and "429 reply, 3 minutes ago" in watch
    (told.folder / "a.mp3").write_bytes(b"\x01" * 90_000)
    plan = told.run("plan", "a.mp3", "--operations", "translate")
    assert plan.code == 0, plan.err
    assert "gemini gemini-2.5-flash: 20 requests per day" in plan.out
    assert "openai" not in plan.out  # the plan would not call it


def test_json_has_them_with_exact_figures(told: CommandLine) -> None:
    record = json.loads(told.run("status", "--json").out)
    assert record["schema"] == 1
    expected = [
        {
            "provider": "gemini", "model": "gemini-2.5-flash", "quota": "GenerateRequestsPerDay",
            "meter": "requests", "unit": "requests", "window": "day", "amount": "20",
            "remaining": None, "resets_at": "2026-11-24T08:00:00Z", "source": "429 reply",
            "known": "reported", "seen_at": "2026-11-23T12:00:00Z", "age_seconds": 200,
            "enforced": False,
        },
        {
            "provider": "openai", "model": "gpt-4o", "quota": "x-ratelimit-requests",
            "meter": "requests", "unit": "requests", "window": None, "amount": "5000",
            "remaining": "4999", "resets_at": "2026-11-23T12:13:00Z", "source": "response header",
            "known": "reported", "seen_at": "2026-11-23T12:00:00Z", "age_seconds": 200,
            "enforced": False,
        },
    ]  # fmt: skip
    assert record["provider_quotas"] == expected
    assert json.loads(told.run("watch", "--once", "--json").out)["provider_quotas"] == expected
    (told.folder / "a.mp3").write_bytes(b"\x01" * 90_000)
    plan = json.loads(told.run("plan", "a.mp3", "--operations", "translate", "--json").out)
    assert plan["provider_quotas"] == expected[:1]


def test_in_vietnamese(told: CommandLine) -> None:
    out = told.run("status", "--lang", "vi").out
    assert "Quota của chính nhà cung cấp (chỉ hiển thị, không áp dụng):" in out
    assert "gemini gemini-2.5-flash: 20 yêu cầu mỗi ngày" in out
    assert "phản hồi 429, 3 phút trước" in out
    assert "còn 4.999 yêu cầu" in out


def test_nothing_is_shown_where_nothing_is_known(cli: CommandLine) -> None:
    cli.run("limits", "list")
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
    for line in (["status"], ["watch", "--once"]):
        assert HEADING not in cli.run(*line).out
    assert json.loads(cli.run("status", "--json").out)["provider_quotas"] == []


def test_narrow_terminals_get_short_lines(told: CommandLine) -> None:
    told.environment.setenv("COLUMNS", "60")
    lines = told.run("status").out.splitlines()
    at = lines.index(HEADING)
    assert all(len(line) <= 60 for line in lines[at:])


def test_the_presets_are_listed(cli: CommandLine) -> None:
    out = cli.run("limits", "preset").out
    assert "gemini-free " in out and "deepgram-payg" in out
    record = json.loads(cli.run("limits", "preset", "--json").out)
    assert record["schema"] == 1
    assert {each["name"]: (each["quotas"], each["shown"]) for each in record["presets"]}[
        "gemini-free"
    ] == (7, False)


def test_a_preset_says_what_it_would_set_and_writes_nothing(cli: CommandLine) -> None:
    result = cli.run("limits", "preset", "gemini-free")
    assert result.code == 0
    assert "20 requests per day" in result.out and "America/Los_Angeles" in result.out
    assert "2026-11-23" in result.out and "reports" in result.out
    assert "from: reports of users and 429 replies (2026)" in result.out
    assert "the preset was only shown; use --write to save it" in result.err
    assert not (cli.folder / "quotakeeper.toml").exists()
    record = json.loads(cli.run("limits", "preset", "gemini-free", "--json").out)
    assert record["written_to"] is None
    assert record["quotas"][0] == {
        "quota": "requests a day", "limit": "gemini-free gemini-2.5-flash requests a day",
        "provider": "gemini", "model": "gemini-2.5-flash", "meter": "requests",
        "unit": "requests", "window": "day", "timezone": "America/Los_Angeles", "amount": "20",
        "date": "2026-11-23", "known": "reports",
        "source": "reports of users and 429 replies (2026); Google publishes no table any more",
    }  # fmt: skip


def test_a_preset_is_written_as_limits_that_hold(cli: CommandLine) -> None:
    path = cli.write_config('# mine\ntimezone = "Asia/Ho_Chi_Minh"\ndefault_limits = false\n')
    result = cli.run("limits", "preset", "gemini-free", "--write")
    assert result.code == 0
    assert f"preset 'gemini-free': 7 limits written to {path}" in result.err
    assert "# mine\n" in path.read_text(encoding="utf-8")
    settings = load_settings()
    assert settings.quota_presets == ("gemini-free",)
    limit = next(x for x in settings.limits if x.model == "gemini-3.1-flash-lite")
    assert (limit.name, limit.amount, str(limit.window), limit.timezone, str(limit.mode)) == (
        "gemini-free gemini-3.1-flash-lite requests a day", 500, "day", "America/Los_Angeles",
        "hard",
    )  # fmt: skip
    again = path.read_text(encoding="utf-8")
    assert cli.run("limits", "preset", "gemini-free", "--write").code == 0
    assert path.read_text(encoding="utf-8") == again
    assert "2026-11-23 (reports)" in cli.run("status").out


def test_the_limits_of_a_preset_refuse_and_come_back_at_midnight_pacific(cli: CommandLine) -> None:
    cli.write_config("default_limits = false\n")
    assert cli.run("limits", "preset", "gemini-free", "--write").code == 0
    with cli.keeper(on_busy="refuse") as keeper:
        for _ in range(20):
            keeper.record("gemini", model="gemini-2.5-flash")
        denied = keeper.check("gemini", model="gemini-2.5-flash")
        assert not denied.allowed
        assert keeper.check("gemini", model="gemini-3.1-flash-lite").allowed
        cli.clock.set("2026-11-24T07:59:59+00:00")
        assert not keeper.check("gemini", model="gemini-2.5-flash").allowed
        cli.clock.set("2026-11-24T08:00:00+00:00")  # midnight in California
        assert keeper.check("gemini", model="gemini-2.5-flash").allowed


@pytest.mark.parametrize("name", ["gemini-tier-1", "gemini-tier-2", "gemini-tier-1-2025"])
def test_every_preset_that_is_written_is_a_config_that_loads(cli: CommandLine, name: str) -> None:
    cli.write_config("default_limits = false\n")
    assert cli.run("limits", "preset", name, "--write").code == 0
    assert cli.run("limits", "list").code == 0
    assert cli.run("status").code == 0


def test_calls_at_once_are_shown_and_limit_nothing(cli: CommandLine) -> None:
    cli.write_config("default_limits = false\n")
    result = cli.run("limits", "preset", "deepgram-payg", "--write")
    assert (
        "quotas of concurrent calls are only shown: quotakeeper cannot limit concurrent calls"
        in result.out
    )
    assert "0 limits written" in result.err
    assert load_settings().limits == ()
    out = cli.run("status").out
    assert "deepgram: 3 calls at once, pre-recorded: whisper" in out
    assert "preset, 2026-11-23 (documentation)" in out


def test_a_preset_that_does_not_exist_is_refused(cli: CommandLine) -> None:
    result = cli.run("limits", "preset", "gemini-fre", "--write")
    assert result.code == 2
    assert "did you mean 'gemini-free'?" in result.err
    result = cli.run("limits", "preset", "--write")
    assert result.code == 2
    assert "give the name of the preset" in result.err
