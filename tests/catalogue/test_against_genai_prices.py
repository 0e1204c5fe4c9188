"""Every Gemini row of genai-prices, compared with a computation from its own file."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

METERS = {
    "input_mtok": "input_tokens",
    "cache_read_mtok": "cached_input_tokens",
    "output_mtok": "output_tokens",
    "input_audio_mtok": "input_tokens@audio",
    "cache_audio_read_mtok": "cached_input_tokens@audio",
    "input_image_mtok": "input_tokens@image",
    "input_video_mtok": "input_tokens@video",
    "output_image_mtok": "output_tokens@image",
    "output_audio_mtok": "output_tokens@audio",
    "output_video_mtok": "output_tokens@video",
    "web_searches_kcount": "searches",
}
STAND_INS = {
    "cache_read_mtok": ["input_mtok"],
    "input_audio_mtok": ["input_mtok"],
    "cache_audio_read_mtok": ["cache_read_mtok", "input_audio_mtok", "input_mtok"],
    "input_image_mtok": ["input_mtok"],
    "input_video_mtok": ["input_mtok"],
    "output_image_mtok": ["output_mtok"],
    "output_audio_mtok": ["output_mtok"],
    "output_video_mtok": ["output_mtok"],
}
PROMPT = ("input_mtok", "cache_read_mtok", "input_audio_mtok", "cache_audio_read_mtok",
          "input_image_mtok", "input_video_mtok")  # fmt: skip

# Prices where we differ from genai-prices on purpose, with our price.
DIFFERENT = {
    # genai-prices has this model twice; only its other entry (gemini-pro-1.5) has the cached price.
    ("gemini-1.5-pro", "standard"): {"cache_read_mtok", "cache_audio_read_mtok"},
    # It has no cached price for batch, so cached input would cost as batch input; litellm has one.
    ("gemini-2.5-flash", "batch"): {"cache_read_mtok", "cache_audio_read_mtok"},
    ("gemini-2.5-flash-lite", "batch"): {"cache_read_mtok", "cache_audio_read_mtok"},
    ("gemini-2.5-pro", "batch"): {"cache_read_mtok", "cache_audio_read_mtok"},
    ("gemini-3-flash-preview", "batch"): {"cache_read_mtok", "cache_audio_read_mtok"},
    ("gemini-3.1-pro-preview", "batch"): {"cache_read_mtok", "cache_audio_read_mtok"},
    # It has no search price; litellm has one.
    ("gemini-2.5-flash-image", "standard"): {"web_searches_kcount"},
    ("gemini-2.5-pro-tts", "standard"): {"web_searches_kcount"},
    ("gemini-live-2.5-flash", "standard"): {"web_searches_kcount"},
    ("gemini-robotics-er-2-preview", "standard"): {"web_searches_kcount"},
    ("gemini-robotics-er-2-streaming-preview", "standard"): {"web_searches_kcount"},
}
FREE = {"gemma-3", "gemma-3n", "gemma-4-26b-a4b-it", "gemma-4-31b-it"}


def rate_of(price, unit, prompt):
    """Their price of one unit in USD, or None. A tier applies to the whole request."""
    for name in [unit, *STAND_INS.get(unit, [])]:
        if name not in price:
            continue
        found = price[name]
        if isinstance(found, dict):
            usd = found["base"]
            for tier in sorted(found["tiers"], key=lambda tier: tier["start"]):
                if prompt > tier["start"]:
                    usd = tier["price"]
            found = usd
        return Fraction(found) / (1_000 if unit == "web_searches_kcount" else 1_000_000)
    return None


def half_even(value):
    """Round half to even with Python's own round() of a Fraction, independent of the tested code."""
    return round(value)


def price_at(entries, when):
    held = [e for e in entries if e["from"] is None or e["from"] <= when]
    return max(held, key=lambda e: e["from"] or "")["price"] if held else None


def usages(random, price, skipped):
    units = [u for u in METERS if u not in skipped and rate_of(price, u, 0) is not None]
    for size in (1, 10, 1_000, 127_999, 128_000, 128_001, 199_999, 200_000, 200_001, 5_000_000):
        chosen = random.sample(units, random.randint(1, len(units)))
        yield {unit: random.randint(1, size) for unit in chosen}
    yield {"input_mtok": 128_000}
    yield {"input_mtok": 128_001}
    yield {"input_mtok": 200_000, "output_mtok": 7}
    yield {"input_mtok": 200_001, "output_mtok": 7}


def days_around(entries):
    days = {"2026-10-20", "2026-11-23"}
    for entry in entries:
        if entry["from"]:
            days.add(entry["from"])
    return sorted(days)


def compare(prices, at, model, tier, entries, days):
    random = Random(f"{model} {tier}")
    skipped = DIFFERENT.get((model, tier), set())
    compared = 0
    for day in days:
        price = price_at(entries, day)
        if not price:
            continue
        for usage in usages(random, price, skipped):
            usage = {u: n for u, n in usage.items() if rate_of(price, u, 0) is not None}
            prompt = sum(n for u, n in usage.items() if u in PROMPT)
            expected = half_even(
                sum(rate_of(price, u, prompt) * n for u, n in usage.items()) * 10**12
            )
            used = {METERS[u]: n for u, n in usage.items()}
            got = prices.price("gemini", model, used, at(day), {"tier": tier})
            assert got.cost_pico == expected, (model, tier, day, usage, got.price_id)
            compared += 1
    return compared


def test_every_standard_row_costs_the_same(prices, at, facts):
    compared = 0
    for model in facts("genai_prices_google.json")["models"]:
        if model["id"] not in FREE:
            days = days_around(model["prices"])
            compared += compare(prices, at, model["id"], "standard", model["prices"], days)
    assert compared > 1_000


def test_every_batch_flex_and_priority_row_costs_the_same(prices, at, facts):
    compared = 0
    for model in facts("genai_prices_google.json")["models"]:
        for tier in ("batch", "flex", "priority"):
            entries = [v for v in model["variants"] if tier in v["when"].values()]
            days = [day for day in days_around(entries) if day >= "2026-10-15"]
            compared += compare(prices, at, model["id"], tier, entries, days)
    assert compared > 500


def test_free_models_are_free_in_genai_prices_too(prices, now, facts):
    entries = {m["id"]: m["prices"] for m in facts("genai_prices_google.json")["models"]}
    for model in FREE:
        assert entries[model] == [{"from": None, "price": {}}]
        assert prices.price("gemini", model, {"input_tokens": 9**9}, now).cost_pico == 0


def test_every_listed_difference_exists(prices, at, facts):
    """A listed difference that no longer exists must be removed from the list."""
    models = {m["id"]: m for m in facts("genai_prices_google.json")["models"]}
    day = "2026-11-23"
    for (model, tier), units in DIFFERENT.items():
        entries = models[model]["prices" if tier == "standard" else "variants"]
        price = price_at(entries, day)
        for unit in units:
            if unit == "cache_audio_read_mtok" and model in ("gemini-2.5-pro", "gemini-1.5-pro"):
                continue  # no audio price of its own: cached text differs
            theirs = rate_of(price, unit, 0)
            ours = prices.price("gemini", model, {METERS[unit]: 10**6}, at(day), {"tier": tier})
            assert theirs is None or ours.cost_pico != theirs * 10**18, (model, tier, unit)
            assert ours.cost_pico is not None


@pytest.mark.parametrize("unit", METERS)
def test_every_unit_of_genai_prices_has_rows(prices, facts, unit):
    used = any(
        unit in entry["price"]
        for model in facts("genai_prices_google.json")["models"]
        for entry in model["prices"]
    )
    assert used
    assert any(row.meter == METERS[unit] for row in prices.rows() if row.provider == "gemini")


def test_no_unit_of_genai_prices_is_left_out(facts):
    units = {
        unit
        for model in facts("genai_prices_google.json")["models"]
        for entry in [*model["prices"], *model["variants"]]
        for unit in entry["price"]
    }
    assert units == set(METERS)
