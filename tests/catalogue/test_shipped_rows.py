"""The shipped price data as a whole: complete, dated, with sources, and fast to search."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import quotakeeper.catalogue as catalogue
from quotakeeper.catalogue import load_snapshot
from quotakeeper.domain.pricing.prices import PriceOptions
from quotakeeper.domain.units import STORED_METERS
from quotakeeper.errors import InvalidInputError

DATA = Path(catalogue.__file__).with_name("data")


def test_every_row_has_a_unique_id_a_source_and_a_confidence(prices):
    rows = list(prices.rows())
    assert len(rows) > 500
    doubled = [row_id for row_id, n in Counter(row.id for row in rows).items() if n > 1]
    assert doubled == []
    for row in rows:
        assert row.source and row.confidence in ("high", "medium", "low") and not row.own
        assert row.usd >= 0 and row.per >= 1
        assert isinstance(row.effective_from, date)


def test_rows_are_sorted_and_every_adjustment_has_a_source(prices):
    rows = list(prices.rows())
    assert [r.provider for r in rows] == sorted(r.provider for r in rows)
    assert all(part.source and part.tier for part in prices.adjustments())


def test_prices_are_stored_as_text_and_never_as_floats():
    for path in DATA.glob("*.toml"):
        top = tomllib.loads(path.read_text(encoding="utf-8"))
        assert all(isinstance(row["usd"], str) for row in top.get("price", [])), path.name
        assert all(isinstance(rule["factor"], str) for rule in top.get("tier", []))
        assert date(2026, 1, 1) < top["as_of"] <= datetime.now(UTC).date(), path.name


def test_every_stored_meter_has_a_row_or_is_free(prices):
    priced = {row.key.partition("@")[0] for row in prices.rows()}
    stand_in = {"thought_tokens"}  # priced as output
    assert STORED_METERS - priced - stand_in == {"requests"}


@pytest.mark.parametrize(
    "modality", ["input_tokens@audio", "input_tokens@image", "input_tokens@video",
                 "cached_input_tokens@audio", "output_tokens@audio", "output_tokens@image",
                 "output_tokens@video"]
)  # fmt: skip
def test_every_modality_in_the_sources_has_rows(prices, modality):
    assert any(row.meter == modality for row in prices.rows())


def test_every_kind_of_price_has_rows(prices):
    rows = list(prices.rows())
    assert {row.kind for row in rows} == {"list", "promo"}
    assert {row.tier for row in rows} == {"standard", "batch", "flex", "priority"}
    assert {row.above for row in rows} == {0, 128_000, 200_000}
    assert {row.plan for row in rows} == {"", "payg", "growth"}
    assert {row.mode for row in rows} == {"", "prerecorded", "streaming"}


def test_the_version_has_the_day_and_a_hash_of_the_data(prices, tmp_path):
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in DATA.glob("*.toml")]
    newest = max(file["as_of"] for file in files)
    assert re.fullmatch(rf"{newest}\+[0-9a-f]{{8}}", prices.version)
    assert load_snapshot().version == prices.version
    empty = tmp_path / "mine.toml"
    empty.write_text("# nothing yet\n", encoding="utf-8")
    assert load_snapshot([empty]).version != prices.version


def test_an_event_finds_its_prices_by_its_price_id(prices, at):
    options = {"tier": "batch"}
    used = {"input_tokens": 300_000}
    priced = prices.price("gemini", "gemini-2.5-pro", used, at("2026-11-01"), options)
    assert priced.price_id == "gemini/gemini-2.5-pro@2026-10-14#batch,above-200000"
    lines = {line.key: line for line in prices.lines(priced.price_id)}
    assert lines["input_tokens"].usd == 1.25
    assert lines["input_tokens"].row.id == (
        "gemini/gemini-2.5-pro/input_tokens@2026-10-14#batch,list,above-200000"
    )
    assert lines["cached_input_tokens"].row.source.startswith("litellm")


def test_a_price_id_stays_as_long_as_its_prices(prices, at):
    """A change of batch prices does not change the id of standard prices."""
    ids = {
        prices.price("gemini", "gemini-2.5-flash", {"input_tokens": 1}, at(day)).price_id
        for day in ("2025-01-01", "2026-10-13", "2026-10-14", "2028-01-01")
    }
    assert ids == {"gemini/gemini-2.5-flash@1970-01-01#standard"}


@pytest.mark.parametrize("text", ["", "x", "gemini/x#y", "gemini/m@2026-13-01#standard", "@#,"])
def test_a_text_that_is_no_price_id_is_refused(prices, text):
    with pytest.raises(InvalidInputError, match="price_id"):
        prices.lines(text)


def test_a_price_id_of_a_removed_model_is_refused(prices):
    with pytest.raises(InvalidInputError, match="is not in this price list"):
        prices.lines("gemini/gemini-9@2026-01-01#standard")


def test_a_price_id_keeps_the_options():
    options = PriceOptions("flex", "streaming", "multi", ("diarize", "redact"), "growth", "list")
    assert PriceOptions.from_marks(options.marks()) == options
    assert PriceOptions.from_marks(PriceOptions().marks()) == PriceOptions()


@pytest.mark.parametrize(
    ("provider", "model", "used", "options"),
    [
        ("gemini", "models/gemini-2.5-flash", {"input_tokens": 1_200, "output_tokens": 800}, {}),
        (
            "gemini",
            "gemini-2.5-pro",
            {"input_tokens": 9, "cached_input_tokens": 300_000, "thought_tokens": 5, "requests": 1},
            {"tier": "batch"},
        ),
        (
            "deepgram",
            "nova-3-multilingual",
            {"audio_milliseconds": 123_456, "requests": 1},
            {"mode": "streaming", "addons": "diarize,redact", "plan": "growth"},
        ),
        ("gemini", "no-such-model", {"input_tokens": 1}, {}),
    ],
)
def test_a_repeated_lookup_searches_the_rows_once(
    prices, now, monkeypatch, provider, model, used, options
):
    """A benchmark measures the time. This test counts the searches through the rows."""
    searches = []
    searched = type(prices)._timeline

    def counted(self, *asked):
        searches.append(asked)
        return searched(self, *asked)

    monkeypatch.setattr(type(prices), "_timeline", counted)
    first = prices.price(provider, model, used, now, options)
    found = len(searches)
    assert [prices.price(provider, model, used, now, options) for _ in range(3)] == [first] * 3
    assert len(searches) == found


def test_many_unknown_names_do_not_fill_memory(prices, now):
    for number in range(10_000):
        prices.price("gemini", f"made-up-{number}", {"input_tokens": 1}, now)
    assert len(prices._timelines) <= 4_096
    assert prices.price("gemini", "", {"input_tokens": 1}, now).cost_pico == 75_000
