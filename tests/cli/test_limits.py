"""`quotakeeper limits`: the config file is changed, and nothing else in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotakeeper.app.limits_file import LimitsFile
from quotakeeper.config import load_settings
from quotakeeper.config.platform_folders import user_config_file
from quotakeeper.domain.usage import check_label
from tests.cli.conftest import CommandLine

FILE = """\
# our house rules
timezone = "Asia/Ho_Chi_Minh" # Saigon

[[limit]]
# agreed in May
name = "tokens"
provider = "gemini"
meter   = "tokens"   # all kinds
window = "day"
amount = 1_000_000

[[limit]]
name = "money"
meter = "cost"
window = "month"
amount = "12.50"
"""
NEW = ["--provider", "gemini", "--meter", "requests", "--window", "minute", "--amount", "60"]


def names(cli: CommandLine) -> list[str]:
    record = json.loads(cli.run("limits", "list", "--json").out)
    return [limit["name"] for limit in record["limits"]]


def test_list(cli: CommandLine) -> None:
    record = json.loads(cli.run("limits", "list", "--json").out)
    assert record["origin"] == "default"
    assert record["limits"][1] == {
        "name": "gemini daily cost", "provider": "gemini", "model": "", "operation": "",
        "scope": {}, "meter": "cost", "unit": "USD", "window": "day", "amount": "10.00",
        "mode": "hard", "timezone": "UTC", "thresholds": ["0.8", "0.95", "1"], "per": "",
        "unlisted": False,
    }  # fmt: skip
    out = cli.run("limits", "list").out
    assert "15,000,000 tokens" in out
    assert "from: default" in out


def test_a_change_keeps_comments_and_everything_else(cli: CommandLine) -> None:
    path = cli.write_config(FILE)
    result = cli.run("limits", "set", "tokens", "--amount", "2000000", "--mode", "soft")
    assert (result.code, result.out) == (0, "")
    assert result.err == f"limit 'tokens' changed in {path}\n"
    changed = path.read_text(encoding="utf-8")
    assert changed == FILE.replace("amount = 1_000_000\n", 'amount = 2000000\nmode = "soft"\n')


def test_a_new_limit_goes_to_the_end(cli: CommandLine) -> None:
    path = cli.write_config(FILE)
    result = cli.run("limits", "set", "calls", *NEW, "--timezone", "UTC")
    assert (result.code, result.err) == (0, f"limit 'calls' made in {path}\n")
    changed = path.read_text(encoding="utf-8")
    assert changed.startswith(FILE)
    assert changed.removeprefix(FILE).startswith('\n[[limit]]\nname = "calls"\n')
    assert cli.run("limits", "set", "more", *NEW).code == 0
    again = path.read_text(encoding="utf-8").removeprefix(changed)
    assert again.startswith('\n[[limit]]\nname = "more"\n')
    assert cli.run("limits", "remove", "more").code == 0
    assert names(cli) == ["tokens", "money", "calls"]


def test_an_exact_amount_stays_exact(cli: CommandLine) -> None:
    cli.write_config(FILE)
    assert cli.run("limits", "set", "money", "--amount", "0.30").code == 0
    found = {limit.name: limit.amount for limit in load_settings().limits}
    assert found["money"] == 300_000_000_000


def test_the_first_limit_of_a_file_does_not_drop_the_default_ones(cli: CommandLine) -> None:
    path = cli.write_config("# mine\ntimezone = 'UTC'\n")
    result = cli.run("limits", "set", "calls", *NEW)
    assert result.code == 0
    assert "default limits were also written" in result.err
    assert path.read_text(encoding="utf-8").startswith("# mine\ntimezone = 'UTC'\n")
    assert names(cli) == [
        "gemini daily tokens", "gemini daily cost", "deepgram daily minutes",
        "deepgram daily cost", "calls",
    ]  # fmt: skip
    result = cli.run("limits", "set", "gemini daily cost", "--amount", "20")
    assert "also written to that file" not in result.err
    amounts = {limit.name: limit.amount for limit in load_settings().limits}
    assert amounts["gemini daily cost"] == 20 * 10**12


def test_without_any_file_the_users_own_is_made(cli: CommandLine) -> None:
    result = cli.run("limits", "set", "gemini daily cost", "--amount", "5")
    import os

    own = user_config_file(os.environ)
    assert f"limit 'gemini daily cost' changed in {own}" in result.err
    assert own.read_text(encoding="utf-8").startswith("# Limits and settings of quotakeeper")
    assert len(names(cli)) == 4
    assert json.loads(cli.run("limits", "list", "--json").out)["origin"] == str(own)


def test_a_named_file_may_be_new(cli: CommandLine) -> None:
    result = cli.run("limits", "set", "calls", *NEW, "--config", "new.toml")
    assert result.code == 0
    assert (cli.folder / "new.toml").is_file()
    assert not (cli.folder / "quotakeeper.toml").exists()


def test_remove(cli: CommandLine) -> None:
    path = cli.write_config(FILE)
    result = cli.run("limits", "remove", "Tokens")
    assert (result.code, result.err) == (0, f"limit 'Tokens' removed from {path}\n")
    assert names(cli) == ["money"]
    assert cli.run("limits", "remove", "money").code == 0
    assert names(cli) == [], "the default limits do not come back by themselves"
    text = path.read_text(encoding="utf-8")
    assert "# our house rules" in text
    assert 'timezone = "Asia/Ho_Chi_Minh" # Saigon' in text
    assert cli.run("limits", "set", "calls", *NEW).code == 0
    assert names(cli) == ["calls"]


def test_remove_a_default_one(cli: CommandLine) -> None:
    cli.write_config(
        "default_limits = true\n[[limit]]\nname='a'\nmeter='cost'\nwindow='day'\namount=1\n"
    )
    assert cli.run("limits", "remove", "gemini daily cost").code == 0
    assert names(cli) == [
        "a",
        "gemini daily tokens",
        "deepgram daily minutes",
        "deepgram daily cost",
    ]
    result = cli.run("limits", "remove", "gemini daily cost")
    assert result.code == 2
    assert "there are: a, gemini daily tokens" in result.err


def test_change_a_default_one_that_no_table_shows(cli: CommandLine) -> None:
    cli.write_config("default_limits = true\n")
    assert cli.run("limits", "set", "gemini daily cost", "--amount", "1.5").code == 0
    found = {limit.name: limit for limit in load_settings().limits}
    assert len(found) == 4
    assert found["gemini daily cost"].amount == 15 * 10**11
    assert found["gemini daily cost"].provider == "gemini"


def test_a_list_of_inline_tables_works_too(cli: CommandLine) -> None:
    cli.write_config('limit = [{name = "a", meter = "cost", window = "day", amount = 1}]\n')
    assert cli.run("limits", "set", "a", "--amount", "2").code == 0
    assert cli.run("limits", "set", "calls", *NEW).code == 0
    assert names(cli) == ["a", "calls"]


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    named=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
        .filter(lambda text: text.strip())
        .map(lambda text: check_label(text.strip(), "name")),
        min_size=1,
        max_size=4,
        unique_by=str.casefold,
    ),
    amount=st.integers(0, 10**12),
)
def test_any_name_comes_back_and_goes_again(
    cli: CommandLine, named: list[str], amount: int
) -> None:
    path = cli.write_config("# house rules\ndefault_limits = false\n")
    changes = {"meter": "tokens", "window": "day", "amount": str(amount)}
    for name in named:
        file = LimitsFile(path, load_settings())
        assert file.set(name, changes)
        file.save()
    assert [limit.name for limit in load_settings().limits] == named
    assert {limit.amount for limit in load_settings().limits} == {amount}
    for name in named:
        file = LimitsFile(path, load_settings())
        file.remove(name)
        file.save()
    assert load_settings().limits == ()
    assert path.read_text(encoding="utf-8").startswith("# house rules\n")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["calls", "--amount", "5"], "--meter --window"),
        (["calls"], "no change is given"),
        (["tokens", "--amount", "-5"], "is negative"),
        (["tokens", "--amount", "nan"], "not finite"),
        (["tokens", "--amount", "1e40"], "too large"),
        (["tokens", "--amount", "0.5"], "more decimals than can be counted"),
        (["tokens", "--amount", "lots"], "is not a number"),
        (["tokens", "--window", "daily"], "unknown window"),
        (["tokens", "--timezone", "Mars/Base"], "tzdata"),
        (["tokens", "--meter", "tokns"], "--meter"),
        (["tokens", "--mode", "stern"], "--mode"),
        ([" ", *NEW], "is empty"),
    ],
)
def test_wrong_values_are_refused_and_the_file_stays(
    cli: CommandLine, arguments: list[str], what: str
) -> None:
    path = cli.write_config(FILE)
    result = cli.run("limits", "set", *arguments)
    assert result.code in (2, 78)
    assert what in result.err
    assert path.read_text(encoding="utf-8") == FILE


def test_a_broken_file_is_not_touched(cli: CommandLine) -> None:
    path = cli.write_config("timezone = = 1\n")
    result = cli.run("limits", "set", "calls", *NEW)
    assert result.code == 78
    assert "line 1" in result.err
    assert path.read_text(encoding="utf-8") == "timezone = = 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_linked_file_stays_a_link_and_keeps_its_mode(cli: CommandLine, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(FILE, encoding="utf-8")
    real.chmod(0o640)
    (cli.folder / "quotakeeper.toml").symlink_to(real)
    assert cli.run("limits", "set", "tokens", "--amount", "7").code == 0
    assert (cli.folder / "quotakeeper.toml").is_symlink()
    assert "amount = 7" in real.read_text(encoding="utf-8")
    assert real.stat().st_mode & 0o777 == 0o640


def test_windows_line_ends_stay(cli: CommandLine) -> None:
    path = cli.folder / "quotakeeper.toml"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    assert cli.run("limits", "set", "tokens", "--amount", "7").code == 0
    assert path.read_bytes() == FILE.replace("1_000_000", "7").replace("\n", "\r\n").encode()
    assert cli.run("limits", "set", "calls", *NEW).code == 0
    data = path.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") > FILE.count("\n")
