"""Figures that were checked outside this project, and the defaults of the brief."""

from __future__ import annotations

import pytest


def test_the_briefs_default_prices_apply_without_a_model(prices, now):
    gemini = prices.price("gemini", "", {"input_tokens": 10**6, "output_tokens": 10**6}, now)
    assert gemini.cost_pico == 75 * 10**9 + 300 * 10**9
    assert gemini.price_id == "gemini/(none)@1970-01-01#standard"
    assert {line.row.source for line in prices.lines(gemini.price_id)} == {"the brief"}
    deepgram = prices.price("deepgram", "", {"audio_milliseconds": 120_000, "requests": 1}, now)
    assert deepgram.cost_pico == 8_600_000_000  # two minutes; the brief has $0.008600


def test_input_is_charged_as_input_and_output_as_output(prices, now):
    one = prices.price("gemini", "", {"input_tokens": 1}, now).cost_pico
    other = prices.price("gemini", "", {"output_tokens": 1}, now).cost_pico
    assert (one, other) == (75_000, 300_000)


def test_a_recorded_reply_with_mixed_cached_media_costs_what_was_computed_by_hand(prices, now):
    # gemini-2.5-flash, implicit cache of video, audio and text: exactly 0.00300094 USD
    used = {
        "input_tokens@text": 16 - 15,
        "cached_input_tokens@text": 15,
        "input_tokens@video": 15_780 - 15_483,
        "cached_input_tokens@video": 15_483,
        "input_tokens@audio": 1_917 - 1_881,
        "cached_input_tokens@audio": 1_881,
        "output_tokens": 68,
        "thought_tokens": 821,
        "requests": 1,
    }
    assert prices.price("gemini", "gemini-2.5-flash", used, now).cost_pico == 3_000_940_000


@pytest.mark.parametrize(
    ("prompt", "output", "usd_pico"),
    [
        (200_000, 10, 250_100_000_000),
        (200_001, 10, 500_152_500_000),  # 0.50015 to five places: everything at the higher price
    ],
)
def test_one_token_past_200000_changes_the_price_of_the_whole_request(
    prices, now, prompt, output, usd_pico
):
    used = {"input_tokens": prompt, "output_tokens": output}
    assert prices.price("gemini", "gemini-2.5-pro", used, now).cost_pico == usd_pico


def test_cached_tokens_count_towards_the_threshold_and_change_price_too(prices, now):
    below = {"input_tokens": 1, "cached_input_tokens": 199_999}
    above = {"input_tokens": 1, "cached_input_tokens": 200_000}
    assert prices.price("gemini", "gemini-2.5-pro", below, now).cost_pico == (
        1_250_000 + 199_999 * 125_000
    )
    assert prices.price("gemini", "gemini-2.5-pro", above, now).cost_pico == (
        2_500_000 + 200_000 * 250_000
    )


def test_output_does_not_count_towards_the_threshold(prices, now):
    used = {"input_tokens": 200_000, "output_tokens": 1, "thought_tokens": 60_000}
    assert prices.price("gemini", "gemini-2.5-pro", used, now).price_id.endswith("#standard")


def test_a_price_change_applies_exactly_from_its_instant(prices, at):
    change = at("2026-12-01T00:00:00Z")
    used = {"input_tokens": 10**6, "cached_input_tokens": 10**6, "output_tokens": 10**6}
    before = prices.price("gemini", "gemini-4-argon", used, change - 1)
    after = prices.price("gemini", "gemini-4-argon", used, change)
    assert before.cost_pico == (2_000 + 100 + 10_000) * 10**9
    assert after.cost_pico == 2 * before.cost_pico
    assert before.price_id == "gemini/gemini-4-argon@1970-01-01#standard"
    assert after.price_id == "gemini/gemini-4-argon@2026-12-01#standard"


@pytest.mark.parametrize("model", ["gemini-3.6-flash", "gemini-3.7-flash", "gemini-3.8-flash"])
@pytest.mark.parametrize("tier", ["standard", "batch", "flex", "priority"])
def test_introductory_prices_double_in_2027_in_every_tier(prices, at, model, tier):
    change = at("2027-01-01T00:00:00Z")
    used = {"input_tokens": 1_000, "cached_input_tokens": 1_000, "output_tokens": 1_000}
    options = {"tier": tier}
    before = prices.price("gemini", model, used, change - 1, options).cost_pico
    after = prices.price("gemini", model, used, change, options).cost_pico
    rate = {"standard": 20, "batch": 10, "flex": 10, "priority": 36}[tier]
    assert before == (750 + 75 + 3_750) * 1_000 * 1_000 * rate // 20
    assert after == 2 * before


def test_cache_storage_is_priced_by_the_token_hour(prices, now):
    used = {"cache_token_hours": 10**6}
    assert prices.price("gemini", "gemini-2.5-pro", used, now).cost_pico == 4_500_000_000_000
    assert prices.price("gemini", "gemini-2.5-flash", used, now).cost_pico == 1_000_000_000_000


def test_deepgram_bills_by_the_second_at_a_sixtieth_of_the_published_minute(prices, now):
    # Deepgram's example: 26 s of the base model at $0.0125 a minute cost $0.00542 (to five places)
    cost = prices.price("deepgram", "base", {"audio_milliseconds": 26_000}, now).cost_pico
    assert cost == 5_416_666_667
    one = prices.price("deepgram", "nova-3", {"audio_milliseconds": 1}, now).cost_pico
    assert one == 71_667  # 0.0043 / 60000 = 71666.67 pico, rounded once
    minute = prices.price("deepgram", "nova-3", {"audio_milliseconds": 60_000}, now).cost_pico
    assert minute == 4_300_000_000  # not 60,000 rounded milliseconds


def test_requests_are_free_but_an_unknown_model_never_is(prices, now):
    assert prices.price("gemini", "gemini-2.5-flash", {"requests": 3}, now).cost_pico == 0
    for provider, model in [("gemini", "gemini-9-boron"), ("nobody", "x"), ("nobody", "")]:
        priced = prices.price(provider, model, {"requests": 1}, now)
        assert (priced.cost_pico, priced.price_id, priced.unpriced) == (None, "", ("model",))


def test_a_meter_without_a_price_makes_the_event_unpriced_and_is_named(prices, now):
    priced = prices.price("gemini", "gemini-2.5-flash", {"input_tokens": 5, "images": 1}, now)
    assert priced.cost_pico is None
    assert priced.unpriced == ("images",)
    assert prices.price("gemini", "gemini-2.5-flash", {"images": 0}, now).cost_pico == 0


def test_gemini_uses_the_price_of_text_output_or_input_where_a_row_is_missing(prices, now):
    def cost(model, key):
        return prices.price("gemini", model, {key: 10**6}, now).cost_pico // 10**9

    assert cost("gemini-2.5-flash", "input_tokens@document") == 300
    assert cost("gemini-2.5-flash", "cached_input_tokens@image") == 30
    assert cost("gemini-2.5-flash", "thought_tokens") == 2_500
    assert cost("gemini-3-pro-image", "thought_tokens") == 12_000
    assert cost("gemini-3-pro-image", "output_tokens@image") == 120_000
    assert cost("gemini-2.0-flash-lite", "cached_input_tokens") == 75
    assert cost("gemini-3.8-live", "cached_input_tokens@audio") == 3_000


def test_free_models_have_rows_with_price_zero(prices, now):
    priced = prices.price("gemini", "gemma-4-31b-it", {"input_tokens": 10}, now)
    assert priced.cost_pico == 0
    assert prices.lines(priced.price_id)[0].row.note == "free of charge"


def test_the_highest_price_is_used_for_a_model_without_one(prices, now):
    used = {"input_tokens": 1_000, "output_tokens@image": 10, "requests": 1}
    highest = prices.highest("gemini", used, now)
    assert highest.cost_pico is not None
    for model in prices.models("gemini"):
        assert highest.cost_pico >= (prices.price("gemini", model, used, now).cost_pico or 0)
    assert prices.highest("deepgram", {"audio_milliseconds": 60_000}, now).cost_pico == (
        16_500_000_000  # enhanced, streaming
    )
    long = prices.highest("gemini", {"input_tokens": 200_001}, now)
    assert long.cost_pico == 200_001 * 4_000_000
    assert prices.highest("nobody", used, now).unpriced == ("provider",)
    assert prices.highest("deepgram", {"images": 1}, now).unpriced == ("images",)
