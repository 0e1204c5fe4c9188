"""The sources of settings, and their order."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.config import Settings, load_settings
from quotakeeper.config.platform_folders import data_folder, default_ledger, user_config_file
from quotakeeper.config.policies import with_policies
from quotakeeper.config.run_environment import meter_variables
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.windows import Window
from quotakeeper.errors import ConfigError

LIMITS = """
timezone = "Asia/Ho_Chi_Minh"
[[limit]]
name = "tokens a day"
provider = "gemini"
meter = "tokens"
window = "day"
amount = 1_000
[[limit]]
name = "money a month"
meter = "cost"
window = "month"
amount = 12.34
mode = "soft"
timezone = "America/Los_Angeles"
scope = { project = "phim-01" }
thresholds = [0.5, "0.9"]
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose user folders are all under tmp_path."""
    base = tmp_path / "home"
    base.mkdir()
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA")
    return {"HOME": str(base), **{name: str(base / name.lower()) for name in names}}


def load(home: dict[str, str], cwd: Path, **changes: object) -> Settings:
    return load_settings(environ=home, cwd=cwd, **changes)  # type: ignore[arg-type]


def test_without_any_settings_the_briefs_limits_apply(home: dict[str, str], tmp_path: Path) -> None:
    settings = load({**home, "QUOTAKEEPER_TIMEZONE": "UTC"}, tmp_path)
    day = Window("day")
    assert settings.limits == (
        Limit("gemini daily tokens", "tokens", day, 15_000_000, provider="gemini"),
        Limit("gemini daily cost", "cost", day, 10 * 10**12, provider="gemini"),
        Limit("deepgram daily minutes", "audio_minutes", day, 60_000_000, provider="deepgram"),
        Limit("deepgram daily cost", "cost", day, 4_300_000_000_000, provider="deepgram"),
    )
    assert settings.warn_at == Decimal("0.8")
    assert (settings.durability, settings.on_limit) == ("power", "raise")
    assert (settings.on_store_failure, settings.on_unpriced) == ("deny", "auto")
    assert settings.config_file is None
    assert settings.ledger == str(default_ledger(home))
    assert settings.origins["ledger"] == "default"
    assert settings.origins["limits"] == "default"
    assert settings.origins["timezone"] == "environment QUOTAKEEPER_TIMEZONE"


def test_limits_in_a_file_replace_the_default_limits(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_text(LIMITS, encoding="utf-8")
    settings = load(home, tmp_path)
    assert settings.limits == (
        Limit(
            "tokens a day", "tokens", Window("day"), 1_000,
            provider="gemini", timezone="Asia/Ho_Chi_Minh",
        ),
        Limit(
            "money a month", "cost", Window("month"), 12_340_000_000_000,
            mode=Mode.SOFT, timezone="America/Los_Angeles", scope=(("project", "phim-01"),),
            thresholds=(Decimal("0.5"), Decimal("0.9")),
        ),
    )  # fmt: skip
    assert settings.origins["limits"] == "quotakeeper.toml"
    assert settings.origins["timezone"] == "quotakeeper.toml"
    assert settings.config_file == tmp_path / "quotakeeper.toml"


def test_a_file_without_limits_keeps_the_default_limits(
    home: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "quotakeeper.toml").write_text('timezone = "Asia/Tokyo"\n', encoding="utf-8")
    limits = load(home, tmp_path).limits
    assert len(limits) == 4
    assert {limit.timezone for limit in limits} == {"Asia/Tokyo"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("default_limits = false", []),
        ("default_limits = true", ["gemini daily tokens", "gemini daily cost"]),
        (
            'default_limits = true\n[[limit]]\nname = "Gemini daily tokens"\nmeter = "tokens"\n'
            'window = "day"\namount = 5',
            ["Gemini daily tokens", "gemini daily cost"],
        ),
    ],
)
def test_default_limits_can_be_switched(
    home: dict[str, str], tmp_path: Path, text: str, names: list[str]
) -> None:
    (tmp_path / "quotakeeper.toml").write_text(text, encoding="utf-8")
    found = [limit.name for limit in load(home, tmp_path).limits]
    assert found[:2] == names


def test_an_argument_beats_the_environment_then_the_file_then_the_default(
    home: dict[str, str], tmp_path: Path
) -> None:
    own = user_config_file(home)
    own.parent.mkdir(parents=True)
    own.write_text('ledger = "own.db"\n', encoding="utf-8")
    settings = load(home, tmp_path)
    assert settings.ledger == str(own.parent / "own.db"), "from the folder of the file"
    assert settings.origins["ledger"] == str(own)

    (tmp_path / "quotakeeper.toml").write_text('ledger = "project.db"\n', encoding="utf-8")
    assert load(home, tmp_path).ledger == str(tmp_path / "project.db"), "the project's file wins"

    run_in_thread = tmp_path / "elsewhere.toml"
    run_in_thread.write_text('ledger = "elsewhere.db"\n', encoding="utf-8")
    named = {**home, "QUOTAKEEPER_CONFIG": str(run_in_thread)}
    assert load(named, tmp_path).ledger == str(tmp_path / "elsewhere.db")
    assert load(home, tmp_path, config=str(run_in_thread)).ledger == str(tmp_path / "elsewhere.db")

    variable = {**named, "QUOTAKEEPER_LEDGER": "variable.db"}
    settings = load(variable, tmp_path)
    assert settings.ledger == str(tmp_path / "variable.db")
    assert settings.origins["ledger"] == "environment QUOTAKEEPER_LEDGER"

    settings = load(variable, tmp_path, ledger=tmp_path / "argument.db")
    assert settings.ledger == str(tmp_path / "argument.db")
    assert settings.origins["ledger"] == "argument"


def test_an_empty_variable_counts_as_unset(home: dict[str, str], tmp_path: Path) -> None:
    empty = {**home, "QUOTAKEEPER_LEDGER": "", "QUOTAKEEPER_CONFIG": ""}
    assert load(empty, tmp_path).ledger == str(default_ledger(home))


@pytest.mark.parametrize("url", ["memory:", "sqlite:///var/ledger.db", "postgresql://h/db"])
def test_urls_are_not_changed(home: dict[str, str], tmp_path: Path, url: str) -> None:
    assert load(home, tmp_path, ledger=url).ledger == url


def test_sqlites_name_for_a_database_in_memory_is_accepted(
    home: dict[str, str], tmp_path: Path
) -> None:
    assert load(home, tmp_path, ledger=":memory:").ledger == "memory:"


def test_a_mapping_is_read_like_a_file(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_text("not even TOML", encoding="utf-8")
    table = {"name": "x", "meter": "cost", "window": "day", "amount": 0.1}
    settings = load(home, tmp_path, config={"limit": [table], "durability": "process"})
    assert settings.limits[0].amount == 100_000_000_000, "0.1, not 0.1000000000000000055"
    assert settings.durability == "process"
    assert settings.config_file is None


def test_settings_are_passed_on_unchanged(home: dict[str, str], tmp_path: Path) -> None:
    ready = Settings(ledger="memory:")
    assert load(home, tmp_path, config=ready) is ready
    moved = load(home, tmp_path, config=ready, ledger=tmp_path / "a.db")
    assert (moved.ledger, moved.origins["ledger"]) == (str(tmp_path / "a.db"), "argument")


def test_price_files_are_relative_to_the_file_that_names_them(
    home: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "mine.toml").write_text("", encoding="utf-8")
    config = folder / "quotakeeper.toml"
    config.write_text('price_files = ["mine.toml"]\n', encoding="utf-8")
    assert load(home, tmp_path, config=config).price_files == (folder / "mine.toml",)
    with pytest.raises(ConfigError, match=r"price_files: there is no file .*absent\.toml"):
        load(home, tmp_path, config={"price_files": ["absent.toml"]})


def test_warn_at_sets_the_first_threshold_of_every_limit(
    home: dict[str, str], tmp_path: Path
) -> None:
    limits = load(home, tmp_path, config={"warn_at": 0.97}).limits
    assert {limit.thresholds for limit in limits} == {(Decimal("0.97"), Decimal(1))}


def test_a_file_with_a_byte_order_mark_loads(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_bytes(b'\xef\xbb\xbftimezone = "UTC"\n')
    assert load(home, tmp_path).timezone == "UTC"


@pytest.mark.skipif(sys.platform == "win32", reason="absolute paths of another kind")
@pytest.mark.parametrize(
    ("platform", "environ", "config", "ledger"),
    [
        ("linux", {"HOME": "/h"}, "/h/.config", "/h/.local/share"),
        (
            "linux",
            {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative"},
            "/c",
            "/h/.local/share",
        ),
        (
            "darwin",
            {"HOME": "/h"},
            "/h/Library/Application Support",
            "/h/Library/Application Support",
        ),
        ("win32", {"APPDATA": "/r", "LOCALAPPDATA": "/l"}, "/r", "/l"),
        ("win32", {"USERPROFILE": "/u"}, "/u/AppData/Roaming", "/u/AppData/Local"),
    ],
)
def test_each_platform_has_its_own_folders(
    platform: str, environ: dict[str, str], config: str, ledger: str
) -> None:
    assert user_config_file(environ, platform) == Path(config, "quotakeeper", "config.toml")
    assert data_folder(environ, platform) == Path(ledger, "quotakeeper")


@pytest.mark.parametrize("given", [{"ledger": "/"}, {"ledger": 5}, {"config": 5}, {"ledger": b"x"}])
def test_a_path_that_is_no_file_is_refused_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        load_settings(**given)


def test_a_provider_name_is_normalised_as_in_calls(tmp_path: Path) -> None:
    limit = {"name": "a", "provider": "Gemini", "meter": "tokens", "window": "day", "amount": 5}
    settings = load_settings(tmp_path / "l.db", {"limit": [limit]})
    assert settings.limits[0].provider == "gemini"


@pytest.mark.parametrize(
    ("written", "lease"), [("'off'", "off"), ("'auto'", "auto"), ("100", "100"), ("'0050'", "50")]
)
def test_the_lease_setting_accepts_a_number_auto_and_off(
    home: dict[str, str], tmp_path: Path, written: str, lease: str
) -> None:
    assert load(home, tmp_path).lease == "off"
    (tmp_path / "quotakeeper.toml").write_text(f"lease = {written}\n", encoding="utf-8")
    assert load(home, tmp_path).lease == lease
    told = load({**home, "QUOTAKEEPER_LEASE": "64"}, tmp_path)
    assert (told.lease, told.origins["lease"]) == ("64", "environment QUOTAKEEPER_LEASE")


def test_the_policy_at_a_limit_has_the_same_names_everywhere(tmp_path: Path) -> None:
    words = {"on_limit": "clamp", "on_busy": "refuse", "hold": "typical", "busy_seconds": 5,
             "wait_seconds": 60, "clamp_least": 100}  # fmt: skip
    variables = {f"QUOTAKEEPER_{name.upper()}": str(value) for name, value in words.items()}
    by_file = load_settings("memory:", {**words, "default_limits": False}, {}, tmp_path)
    by_environment = load_settings("memory:", None, {**variables, "HOME": str(tmp_path)}, tmp_path)
    by_argument = with_policies(load_settings("memory:", {}, {}, tmp_path), words)
    for settings in (by_file, by_environment, by_argument):
        assert {name: getattr(settings, name) for name in words} == words
    assert by_argument.origins["on_busy"] == "argument"


@pytest.mark.parametrize("value", [-1, "1.5", "soon", True, None, [3], 86_401, "9" * 400])
def test_a_number_of_seconds_is_checked(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigError, match="busy_seconds"):
        load_settings("memory:", {"busy_seconds": value}, {}, tmp_path)


def test_a_ledger_may_be_a_table_with_its_unix_group(home: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "quotakeeper.toml"
    file.write_text('[ledger]\npath = "data/ledger.db"\ngroup = "team"\n')
    settings = load(home, tmp_path / "home")
    assert settings.ledger_group == ""
    settings = load(home, tmp_path)
    assert settings.ledger == str(tmp_path / "data" / "ledger.db")
    assert settings.ledger_group == "team"
    assert settings.origins["ledger_group"] == "quotakeeper.toml"
    settings = load({**home, "QUOTAKEEPER_LEDGER_GROUP": "editors"}, tmp_path)
    assert settings.ledger_group == "editors"
    assert meter_variables(settings, None)["QUOTAKEEPER_LEDGER_GROUP"] == "editors"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[ledger]\ngrupp = "team"', "did you mean 'group'"),
        ("[ledger]\ngroup = 5", "not the name of a Unix group"),
    ],
)
def test_a_wrong_ledger_table_is_named(
    home: dict[str, str], tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "quotakeeper.toml").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load(home, tmp_path)
