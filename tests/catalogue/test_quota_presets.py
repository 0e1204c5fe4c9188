"""Presets of provider quotas: every figure has a date, a source and a provenance."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.catalogue.quota_presets import KNOWN, load_presets, preset_named, quotas_at
from quotakeeper.domain.quotas import CONCURRENCY, PRESET
from quotakeeper.domain.windows import SECOND, moment
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.metering.quota_notes import note_quotas
from quotakeeper.providers.contract import QuotaReading
from quotakeeper.testing.clock import FakeClock

PACIFIC = "America/Los_Angeles"
OWN = """\
[[preset]]
name = "ours"
about = "what our account page says"
defaults = { provider = "gemini", date = 2026-11-20, known = "reports", source = "our page" }
quota = [{ id = "requests a day", model = "m", meter = "requests", window = "day", amount = 7 }]
"""


def test_every_figure_has_a_date_and_a_source() -> None:
    presets = load_presets()
    assert len(presets) == 9
    for preset in presets.values():
        assert preset.about and preset.quotas
        for quota in preset.quotas:
            assert quota.known in KNOWN and quota.source
            assert moment(quota.date_at) <= datetime(2026, 11, 23, tzinfo=UTC)
            assert ("2025" in preset.name) == (quota.known == "historic")


def test_geminis_free_tier_counts_by_the_day_in_los_angeles() -> None:
    found = {each.model: each for each in load_presets()["gemini-free"].quotas}
    assert {name: each.amount for name, each in found.items()} == {
        "gemini-2.5-flash": 20, "gemini-2.5-flash-lite": 20, "gemini-3.1-flash-lite": 500,
        "gemini-3.5-flash": 20, "gemini-3.5-flash-lite": 20, "gemini-3.6-flash": 20,
        "gemini-3.8-flash": 20,
    }  # fmt: skip
    assert {(each.meter, each.window, each.timezone) for each in found.values()} == {
        ("requests", "day", PACIFIC)
    }


def test_deepgrams_concurrency_is_shown_and_is_no_limit() -> None:
    preset = load_presets()["deepgram-payg"]
    assert {each.meter for each in preset.quotas} == {CONCURRENCY}
    assert not any(each.is_enforceable for each in preset.quotas)
    amounts = {each.quota_id: each.amount for each in preset.quotas}
    assert amounts["streaming: nova, enhanced, base"] == 150
    assert amounts["pre-recorded: whisper"] == 3


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-03-08T08:00:00+00:00", 23),  # clocks go forward
        ("2026-11-01T07:00:00+00:00", 25),  # clocks go back
        ("2026-11-22T08:00:00+00:00", 24),
    ],
)
def test_a_quota_day_in_los_angeles_ends_at_midnight_there(now: str, hours: int) -> None:
    at = round(datetime.fromisoformat(now).timestamp()) * SECOND
    found = quotas_at(["gemini-free"], load_presets(), at)
    assert {each.resets_at for each in found} == {at + hours * 3_600 * SECOND}


def test_status_shows_the_configured_presets() -> None:
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    with Keeper("memory:", config={"quota_presets": ["gemini-free"]}, clock=clock) as keeper:
        found = keeper.status().quotas
        assert len(found) == 7
        first = found[0]
        assert (first.provider, first.model, first.amount, first.source, first.known) == (
            "gemini", "gemini-2.5-flash", 20, PRESET, "reports",
        )  # fmt: skip
        assert moment(first.seen_at) == datetime(2026, 11, 23, tzinfo=UTC)


def test_a_figure_from_a_reply_replaces_a_preset() -> None:
    with Keeper(
        "memory:", config={"quota_presets": ["gemini-tier-1"]}, clock=FakeClock()
    ) as keeper:
        note_quotas(keeper, "gemini", "x", [
            QuotaReading("PerMinute", "input_tokens", "minute", amount=500_000,
                         model="gemini-3.1-pro")])  # fmt: skip
        told = [x for x in keeper.status().quotas if x.model.startswith("gemini-3.1-pro")]
        assert [(each.amount, each.source) for each in told] == [(500_000, "429 reply")]
        others = {each.model for each in keeper.status().quotas if each.source == PRESET}
        assert others == {"", "gemini-3-flash*", "gemini-3.8-flash"}


def test_a_reply_without_an_amount_keeps_the_preset() -> None:
    with Keeper("memory:", config={"quota_presets": ["gemini-free"]}, clock=FakeClock()) as keeper:
        note_quotas(keeper, "gemini", "gemini-2.5-flash", [QuotaReading("q", "requests", "day")])
        assert len(keeper.status().quotas) == 8


def test_a_users_file_adds_presets_and_replaces_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "presets.toml"
    file.write_text(OWN + OWN.replace("ours", "gemini-free", 1), encoding="utf-8")
    presets = load_presets([file])
    assert presets["ours"].quotas[0].amount == 7
    assert [each.amount for each in presets["gemini-free"].quotas] == [7]
    config = {"quota_presets": ["ours"], "preset_files": [str(file)]}
    with Keeper("memory:", config=config, clock=FakeClock()) as keeper:
        assert [each.amount for each in keeper.status().quotas] == [7]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("amount = 7", "amount = 7.5", "preset[1].quota[1].amount"),
        ("amount = 7", "amount = -7", "preset[1].quota[1].amount"),
        ("amount = 7", 'amount = "0.5"', "preset[1].quota[1].amount"),
        ('window = "day"', 'window = "fortnight"', "preset[1].quota[1].window"),
        ('meter = "requests"', 'meter = "request"', "preset[1].quota[1].meter"),
        ('known = "reports"', 'known = "hearsay"', "preset[1].quota[1].known"),
        (', source = "our page"', "", "preset[1].quota[1].source"),
        ("date = 2026-11-20, ", "", "preset[1].quota[1].date"),
        ('id = "requests a day"', 'id = "requests a day", zone = "x"', "preset[1].quota[1].zone"),
        ('window = "day"', 'window = "day", timezone = "Mars"', "preset[1].quota[1].timezone"),
        ('name = "ours"', 'name = "Ours!"', "preset[1].name"),
        ("quota = [{", "quota = 3 # [{", "preset[1].quota"),
        ("[[preset]]", "[preset]", "presets.toml"),
        ("about =", "about", "presets.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, where: str
) -> None:
    file = tmp_path / "presets.toml"
    file.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_presets([file])
    assert where in str(caught.value)


def test_an_unknown_preset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInputError, match="did you mean 'gemini-free'"):
        preset_named("gemini-fre", load_presets(), "NAME")
    with (
        Keeper("memory:", config={"quota_presets": ["gemini-fre"]}, clock=FakeClock()) as keeper,
        pytest.raises(ConfigError, match="quota_presets: there is no preset 'gemini-fre'"),
    ):
        keeper.status()
    keeper = Keeper("memory:", config={"quota_presets": ["gemini-fre"]}, clock=FakeClock())
    with keeper:  # a wrong name stops no call
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
