"""Prices that are imported from genai-prices cost what genai-prices itself computes."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from quotakeeper.app.price_import import import_prices, published_data
from quotakeeper.catalogue import PriceSnapshot, load_snapshot
from quotakeeper.cli.prices.installed_data import installed_data, plain
from quotakeeper.domain.pricing.prices import PriceRow
from quotakeeper.errors import ConfigError

DAY = "2026-12-01"
NAMES = ("mistral", "deepseek", "openai", "anthropic", "google", "x-ai")
DAYS = ("2025-01-01", "2026-06-01", "2026-11-30", "2027-02-01")
CONTEXTS = {
    "standard": {}, "batch": {"processing": "batch"}, "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}  # fmt: skip
SIZES = (1, 1_000, 99_999, 128_000, 200_001, 272_001, 2_000_000)
THEIRS = {
    "input_tokens": ("input_tokens",),
    "cached_input_tokens": ("input_tokens", "cache_read_tokens"),
    "output_tokens": ("output_tokens",),
    "thought_tokens": ("output_tokens", "output_reasoning_tokens"),
    "input_tokens@audio": ("input_tokens", "input_audio_tokens"),
    "input_tokens@image": ("input_tokens", "input_image_tokens"),
    "cached_input_tokens@audio": (
        "input_tokens", "cache_read_tokens", "input_audio_tokens", "cache_audio_read_tokens",
    ),
    "cached_input_tokens@image": (
        "input_tokens", "cache_read_tokens", "input_image_tokens", "cache_image_read_tokens",
    ),
    "output_tokens@audio": ("output_tokens", "output_audio_tokens"),
    "output_tokens@image": ("output_tokens", "output_image_tokens"),
    "searches": ("web_searches",),
}  # fmt: skip
ALL_THEIRS = sorted({name for names in THEIRS.values() for name in names})


@pytest.fixture(scope="module")
def genai() -> Any:
    return pytest.importorskip("genai_prices")


@pytest.fixture(scope="module")
def imported(genai: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[PriceSnapshot, Path]:
    file = tmp_path_factory.mktemp("prices") / "genai-prices.toml"
    made = import_prices(file, *installed_data(), NAMES, DAY)
    assert made.models > 200
    return load_snapshot([file]), file


def rows_of(snapshot: PriceSnapshot, origin: str) -> dict[tuple[str, str], list[PriceRow]]:
    found: dict[tuple[str, str], list[PriceRow]] = {}
    for row in snapshot.rows():
        if row.origin == origin:
            found.setdefault((row.provider, row.model), []).append(row)
    return found


def test_hundreds_of_models_cost_what_genai_prices_computes(
    genai: Any, imported: tuple[PriceSnapshot, Path], at: Any
) -> None:
    snapshot, file = imported
    tiers: Counter[str] = Counter()
    models = rows_of(snapshot, file.name)
    for (provider, model), rows in models.items():
        random = Random(f"{provider}/{model}")
        has_variants = any(row.tier != "standard" for row in rows)
        days = {*DAYS, *(str(row.effective_from) for row in rows if row.from_at)}
        for day in sorted(days):
            when = datetime.fromisoformat(day).replace(tzinfo=UTC)
            held = {row.key for row in rows if row.holds_at(at(day)) and row.key in THEIRS}
            for tier, context in CONTEXTS.items() if has_variants else [("standard", {})]:
                if tier != "standard" and provider == "gemini":
                    continue  # the shipped catalogue has a rule for each tier of Gemini
                for size in SIZES:
                    keys = random.sample(sorted(held), random.randint(1, len(held))) if held else []
                    used = {key: random.randint(1, size) for key in keys}
                    theirs = Counter(dict.fromkeys(ALL_THEIRS, 0))
                    for key, amount in used.items():
                        theirs.update(dict.fromkeys(THEIRS[key], amount))
                    expected = genai.calc_price(
                        genai.Usage(**theirs), model,
                        provider_id="google" if provider == "gemini" else provider,
                        genai_request_timestamp=when, price_context=context or None,
                    ).total_price  # fmt: skip
                    got = snapshot.price(provider, model, used, at(day), {"tier": tier})
                    assert got.cost_pico == round(expected * 10**12), (model, tier, day, used)
                    tiers[tier] += 1
    print(f"{len(models)} models, calls by tier: {dict(tiers)}")
    assert len(models) > 200
    assert tiers["standard"] > 5_000 and tiers["batch"] > 500 and tiers["priority"] > 100


def test_no_price_of_the_shipped_catalogue_changes(
    imported: tuple[PriceSnapshot, Path], prices: PriceSnapshot, now: int
) -> None:
    snapshot, _ = imported
    used = {"input_tokens": 10**6, "output_tokens": 10**6}
    for provider in prices.providers():
        for model in prices.models(provider):
            before, after = (each.price(provider, model, used, now) for each in (prices, snapshot))
            assert before == after, model
            assert before.price_id == after.price_id


def test_the_published_json_gives_the_same_file_with_exact_decimals(
    genai: Any, imported: tuple[PriceSnapshot, Path], tmp_path: Path
) -> None:
    """The file is written with numbers that no binary float can hold."""
    from genai_prices.data import providers

    data = [{"id": p.id, "models": plain(p.models)} for p in providers]

    def marked(value: object) -> str:
        return f"#{value:f}#" if isinstance(value, Decimal) else str(value)

    text = re.sub('"#([0-9.]+)#"', r"\1", json.dumps(data, default=marked))
    published, out = tmp_path / "data.json", tmp_path / "genai-prices.toml"
    published.write_text(text, encoding="utf-8")
    import_prices(out, published_data(published), "x", NAMES, DAY)
    whole = imported[1].read_text(encoding="utf-8")
    version = next(line for line in whole.splitlines() if line.startswith("defaults"))
    told = next(line for line in out.read_text().splitlines() if line.startswith("defaults"))
    assert out.read_text(encoding="utf-8").replace(told, version) == whole


def one_model(**fields: Any) -> str:
    model = {"id": "new-model", "match": {"equals": "new-model"}, "prices": {}, **fields}
    return json.dumps([{"id": "openai", "models": [model]}]).replace('"N', "").replace('N"', "")


def loaded(tmp_path: Path, text: str) -> tuple[PriceSnapshot, Any]:
    source, out = tmp_path / "data.json", tmp_path / "made.toml"
    source.write_text(text, encoding="utf-8")
    made = import_prices(out, published_data(source), "9.9", ["openai"], DAY)
    return load_snapshot([out]), made


def test_a_price_keeps_every_digit_of_the_json_text(tmp_path: Path, now: int) -> None:
    digits = "0.100000000000000005"  # as a binary float it is 0.1
    snapshot, _ = loaded(tmp_path, one_model(prices={"input_mtok": f"N{digits}N"}))
    cost = snapshot.price("openai", "new-model", {"input_tokens": 10**12}, now).cost_pico
    assert cost == 100_000_000_000_000_005
    (row,) = [row for row in snapshot.rows() if row.model == "new-model"]
    assert row.source == "genai-prices (MIT)"
    assert row.note == "genai-prices 9.9, read 2026-12-01"


def test_a_price_has_the_start_and_the_end_that_the_data_state(tmp_path: Path, at: Any) -> None:
    prices = [
        {"prices": {"input_mtok": 1, "output_mtok": 5}},
        {"constraint": {"start_date": "2026-03-01"}, "prices": {"input_mtok": 2}},
    ]
    snapshot, _ = loaded(tmp_path, one_model(prices=prices))
    day = at("2026-03-01")

    def cost(key: str, when: int) -> int | None:
        return snapshot.price("openai", "new-model", {key: 10**6}, when).cost_pico

    usd = 10**12
    assert (cost("input_tokens", day - 1), cost("input_tokens", day)) == (usd, 2 * usd)
    assert (cost("output_tokens", day - 1), cost("output_tokens", day)) == (5 * usd, None)


NIGHT = {
    "constraint": {"start_time": "16:30:00", "end_time": "00:30:00"},
    "prices": {"input_mtok": 2},
}


@pytest.mark.parametrize(
    "prices",
    [
        {}, [{"prices": {"input_mtok": 1}}, NIGHT], {"input_mtok": "N-1N"},
        {"input_mtok": "N1e-30N"}, {"input_mtok": "free"}, {"input_mtok": True},
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_expressed_is_left_out_and_counted(
    tmp_path: Path, prices: Any, now: int
) -> None:
    snapshot, made = loaded(tmp_path, one_model(prices=prices))
    assert (made.models, made.unpriced) == (0, 1)
    priced = snapshot.price("openai", "new-model", {"input_tokens": 1}, now)
    assert priced.cost_pico is None


PRICED = {"input_mtok": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"prices": [1]}, {"prices": []}, {"prices": [{"prices": PRICED, "constraint": 3}]},
        {"prices": {"input_mtok": {"base": 1, "tiers": [1]}}},
        {"prices": {"input_mtok": {"base": 1, "tiers": 5}}},
        {"prices": PRICED, "price_variants": [1]},
        {"prices": PRICED, "price_variants": [{"when": [1], "prices": PRICED}]},
        {"prices": PRICED, "price_variants": [{"when": {"a": [1]}, "prices": PRICED}]},
        {"prices": PRICED, "price_variants": [{"when": {"a": "b"}, "prices": 3}]},
    ],
)  # fmt: skip
def test_a_model_of_an_unknown_form_is_left_out_and_the_others_are_read(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    odd = {"id": "odd-model", "match": {"equals": "odd-model"}, **fields}
    (provider,) = json.loads(one_model(prices=PRICED))
    provider["models"].append(odd)
    _, made = loaded(tmp_path, json.dumps([provider]))
    assert (made.models, made.unpriced, dict(made.left_out)) == (1, 1, {})


@pytest.mark.parametrize(
    "text",
    [
        one_model(prices={"input_mtok": "N1e99999999999999999999N"}),
        '[{"id": "open\\"ai", "models": []}]', '[{"id": "a\\nb", "models": []}]', "{", "[1]",
    ],
)  # fmt: skip
def test_data_of_another_form_are_refused_with_the_fix(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"data\.json.*genai-prices publishes"):
        loaded(tmp_path, text)


def test_a_rule_of_an_unknown_form_means_no_name(tmp_path: Path) -> None:
    _, made = loaded(tmp_path, one_model(prices=PRICED, match={"or": 5}))
    assert (made.models, made.unnamed) == (0, 1)


def test_units_and_options_without_a_place_are_counted(tmp_path: Path) -> None:
    none: dict[str, Any] = {"when": {"service_tier": "default"}, "prices": {}}
    fast = {"when": {"speed": "fast"}, "prices": {"input_mtok": 9}}
    text = one_model(prices={"input_mtok": 1, "cache_write_mtok": 2}, price_variants=[fast, none])
    _, made = loaded(tmp_path, text)
    assert made.rows == 1
    assert made.left_out == {"cache_write_mtok": 1, "speed=fast": 1}


def any_of(*rules: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    return {"or": list(rules)}


def test_a_name_that_means_an_earlier_model_is_not_taken(tmp_path: Path) -> None:
    first = any_of({"equals": "first"}, {"contains": "mini"})
    other = any_of({"equals": "other-mini"}, {"equals": "Other"})
    models = [
        {"id": "first", "match": first, "prices": {"input_mtok": 1}},
        {"id": "other-mini", "match": other, "prices": {"input_mtok": 7}},
        {"id": "mini", "match": {"equals": "mini"}, "prices": {"input_mtok": 7}},
    ]
    snapshot, made = loaded(tmp_path, json.dumps([{"id": "openai", "models": models}]))
    assert (made.models, made.unnamed) == (2, 1)
    assert snapshot.models("openai").count("other") == 1
    assert not snapshot.is_known("openai", "other-mini")
    assert not snapshot.is_known("openai", "mini")


def test_the_users_own_price_wins_in_any_order_of_files(tmp_path: Path, now: int) -> None:
    loaded(tmp_path, one_model(prices={"input_mtok": 1, "output_mtok": 4}))
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[[price]]\nprovider = "openai"\nmodel = "new-model"\nmeter = "input_tokens"\n'
        'usd = "3"\nper = 1_000_000\nfrom = 1970-01-01\nsource = "agreement"\n'
    )
    made = tmp_path / "made.toml"
    for files in ([made, mine], [mine, made]):
        snapshot = load_snapshot(files)
        price = snapshot.price("openai", "new-model", {"input_tokens": 10**6}, now)
        assert price.cost_pico == 3 * 10**12
        output = snapshot.price("openai", "new-model", {"output_tokens": 1}, now)
        assert output.cost_pico is None, "no mixture of two sources"
