"""`quotakeeper init`: the first config file, by options or by questions."""

from __future__ import annotations

import io
import stat
import sys

import pytest

from quotakeeper.app.setup_file import (
    BUDGET_COMMENT,
    DEFAULTS_COMMENT,
    HEADING,
    KEYS_COMMENT,
    ZONE_COMMENT,
)
from quotakeeper.config import load_settings
from tests.cli.conftest import CommandLine

KEY = "AIzaSyCanary-0123456789abcdefghij"


class Terminal(io.StringIO):
    """What is typed on a terminal."""

    def isatty(self) -> bool:
        return True


def asked(cli: CommandLine, *answers: str) -> None:
    cli.environment.setattr("sys.stdin", Terminal("".join(f"{each}\n" for each in answers)))


def test_it_writes_what_the_options_say(cli: CommandLine) -> None:
    result = cli.run("init", "--here", "--zone", "Asia/Ho_Chi_Minh", "--budget", "5", "--key",
                     "gemini=MY_GEMINI_KEY")  # fmt: skip
    assert (result.code, result.out) == (0, "")
    assert "budget: $5.00 a day" in result.err
    assert "key of gemini: MY_GEMINI_KEY is not set yet" in result.err
    assert "quotakeeper doctor --keys" in result.err
    cli.environment.delenv("QUOTAKEEPER_TIMEZONE")
    settings = load_settings()
    assert settings.config_file == cli.folder / "quotakeeper.toml"
    assert settings.timezone == "Asia/Ho_Chi_Minh"
    assert dict(settings.key_names) == {"gemini": "MY_GEMINI_KEY"}
    assert [limit.name for limit in settings.limits] == [
        "daily budget", "gemini daily tokens", "gemini daily cost", "deepgram daily minutes",
        "deepgram daily cost",
    ]  # fmt: skip
    assert settings.limits[0].amount == 5 * 10**12
    assert cli.run("status").code == 0


def test_the_file_it_writes_can_be_changed_like_any_other(cli: CommandLine) -> None:
    cli.run("init", "--here", "--yes", "--budget", "2.50")
    assert cli.run("limits", "set", "daily budget", "--amount", "4").code == 0
    assert cli.run("limits", "set", "mine", "--meter", "requests", "--window", "day", "--amount",
                   "9").code == 0  # fmt: skip
    names = {limit.name: limit.amount for limit in load_settings().limits}
    assert names["daily budget"] == 4 * 10**12
    assert names["mine"] == 9
    assert "# Daily limits reset" in (cli.folder / "quotakeeper.toml").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_the_file_is_the_users_own_and_private(cli: CommandLine) -> None:
    assert cli.run("init", "--yes").code == 0
    path = cli.folder.parent / "home" / "config" / "quotakeeper" / "config.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "[[limit]]" not in path.read_text(encoding="utf-8"), "no budget, no limit"


def test_a_file_that_is_there_stays_unless_forced(cli: CommandLine) -> None:
    path = cli.write_config("warn_at = 0.5\n")
    result = cli.run("init", "--here", "--yes")
    assert result.code == 2
    assert "--force" in result.err
    assert path.read_text(encoding="utf-8") == "warn_at = 0.5\n"
    result = cli.run("init", "--here", "--yes", "--force")
    assert result.code == 0
    kept = cli.folder / "quotakeeper.toml.bak"
    assert kept.read_text(encoding="utf-8") == "warn_at = 0.5\n"
    assert str(kept) in result.err
    assert load_settings().warn_at != load_settings(config=str(kept)).warn_at


def test_on_a_terminal_it_asks_for_what_is_not_given(cli: CommandLine) -> None:
    asked(cli, "Mars/Olympus", "Asia/Tokyo", "", "", "MY_DEEPGRAM_KEY")
    result = cli.run("init", "--here")
    assert result.code == 0
    assert "Mars/Olympus" in result.err, "a wrong answer is asked again"
    assert result.err.count("Time zone that decides when a day ends") == 2
    cli.environment.delenv("QUOTAKEEPER_TIMEZONE")
    settings = load_settings()
    assert settings.timezone == "Asia/Tokyo"
    assert "daily budget" not in [limit.name for limit in settings.limits]
    assert dict(settings.key_names) == {"deepgram": "MY_DEEPGRAM_KEY"}


def test_an_answer_that_never_comes_is_an_error(cli: CommandLine) -> None:
    asked(cli, "x/y", "x/y", "x/y")
    assert cli.run("init", "--here").code == 2
    assert not (cli.folder / "quotakeeper.toml").exists()


def test_questions_are_in_the_chosen_language(cli: CommandLine) -> None:
    asked(cli)
    result = cli.run("init", "--here", "--lang", "vi")
    assert result.code == 0
    assert "Múi giờ để tính hết ngày" in result.err
    assert "tiếp theo:" in result.err
    written = (cli.folder / "quotakeeper.toml").read_text(encoding="utf-8")
    assert "làm mới lúc 00:00" in written
    english = [HEADING, ZONE_COMMENT, DEFAULTS_COMMENT, KEYS_COMMENT, BUDGET_COMMENT]
    assert not any(text in written for text in english)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--key", f"gemini={KEY}"),
        ("--key", KEY),
        ("--key", "gemini=0123456789abcdef0123456789abcdef01234567"),
        ("--key", "gemini=sk-live-canary"),
    ],
)
def test_a_key_in_place_of_a_name_is_refused_and_not_shown(
    cli: CommandLine, arguments: tuple[str, ...]
) -> None:
    result = cli.run("init", "--here", *arguments)
    assert result.code == 2
    assert arguments[1].rpartition("=")[2] not in result.err + result.out
    assert not (cli.folder / "quotakeeper.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--zone", "Asia/Saigong"), "--zone"),
        (("--budget", "-1"), "--budget"),
        (("--budget", "ten"), "--budget"),
        (("--key", "acme=ACME_KEY"), "'acme' is not a provider"),
        (("--config", "x.toml", "--here"), "--config"),
    ],
)
def test_what_cannot_be_used_is_named(
    cli: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    command = ("init", *arguments) if "--here" in arguments else ("init", "--here", *arguments)
    result = cli.run(*command)
    assert result.code == 2
    assert said in result.err
    assert not (cli.folder / "quotakeeper.toml").exists()


def test_a_key_in_the_config_file_is_an_error_that_does_not_show_it(cli: CommandLine) -> None:
    cli.write_config(f'[keys]\ngemini = "{KEY}"\n')
    result = cli.run("status")
    assert result.code == 78
    assert KEY not in result.err + result.out
    assert "GEMINI_API_KEY" in result.err
    for table in ("keys = 5\n", '[keys]\nacme = "A"\n', "[keys]\ngemini = 5\n"):
        cli.write_config(table)
        assert cli.run("status").code == 78
