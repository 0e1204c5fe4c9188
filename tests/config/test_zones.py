"""A time zone that does not exist is an error that suggests the right one; UTC is never used silently."""

from __future__ import annotations

import os
import zoneinfo

import pytest

from quotakeeper import clocks, zone_names
from quotakeeper.config import load_settings
from quotakeeper.errors import ConfigError

CONFIG = {"default_limits": False}


def with_tz(monkeypatch: pytest.MonkeyPatch, value: str) -> str:
    monkeypatch.setenv("TZ", value)
    monkeypatch.delenv("QUOTAKEEPER_TIMEZONE", raising=False)
    return load_settings("memory:", CONFIG).timezone


@pytest.mark.parametrize("value", ["UTC-7", "GMT+7", "ICT-7", "<+07>-7", "UTC7", "GMT+07:00"])
def test_an_offset_in_tz_is_an_error_with_both_readings(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(ConfigError, match="environment TZ: unknown time zone") as caught:
        with_tz(monkeypatch, value)
    assert "7 hours ahead of UTC is 'Asia/Ho_Chi_Minh'" in caught.value.fix
    assert "7 hours behind it is 'America/Phoenix'" in caught.value.fix
    assert "QUOTAKEEPER_TIMEZONE" in caught.value.fix


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("Asia/Ho_Chi_Min", "Asia/Ho_Chi_Minh"),
        ("asia/ho_chi_minh", "Asia/Ho_Chi_Minh"),
        ("Asia/Hanoi", "Asia/Ho_Chi_Minh"),
        ("Vietnam", "Asia/Ho_Chi_Minh"),
        ("America/LosAngeles", "America/Los_Angeles"),
        ("Europe/Lodnon", "Europe/London"),
        ("utc", "UTC"),
    ],
)
def test_a_misspelt_zone_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, value: str, near: str
) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{near}'"):
        with_tz(monkeypatch, value)
    with pytest.raises(ConfigError, match=f"config: timezone: .*did you mean '{near}'"):
        load_settings("memory:", {**CONFIG, "timezone": value})


@pytest.mark.parametrize(
    ("value", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("EST5EDT", "EST5EDT"),
        ("UTC0", "UTC"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_in_tz_is_used(monkeypatch: pytest.MonkeyPatch, value: str, zone: str) -> None:
    assert with_tz(monkeypatch, value) == zone


def test_a_file_in_tz_is_left_to_the_c_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    file = os.path.join(tmp_path, "zone")
    open(file, "w").close()
    assert with_tz(monkeypatch, file) == clocks.LOCAL
    with pytest.raises(ConfigError, match="unknown time zone"):
        with_tz(monkeypatch, f"{file}-of-nobody")


def test_the_timezone_setting_beats_tz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-7")
    assert load_settings("memory:", {**CONFIG, "timezone": "Asia/Tokyo"}).timezone == "Asia/Tokyo"


def test_without_a_zone_database_no_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> zoneinfo.ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", none)
    assert not zone_names.has_database()
    assert with_tz(monkeypatch, "Nowhere/Place") == clocks.LOCAL
    with pytest.raises(ConfigError, match="pip install tzdata"):
        load_settings("memory:", {**CONFIG, "timezone": "Nowhere/Place"})


@pytest.mark.parametrize("hours", range(1, 15))
def test_a_hint_for_an_offset_names_existing_zones(hours: int) -> None:
    said = zone_names.nearest_zone(f"UTC+{hours}")
    named = [part for part in said.split("'") if part in zoneinfo.available_timezones()]
    assert len(named) == (2 if hours <= 12 else 1)
