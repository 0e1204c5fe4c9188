"""Every Gemini and speech row of litellm's price map that our meters can express, with listed differences."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

FILE = "litellm_gemini_deepgram_subset.json"
TIERS = {"": "standard", "_batches": "batch", "_flex": "flex", "_priority": "priority"}
FIELDS = {
    "input_cost_per_token": "input_tokens",
    "output_cost_per_token": "output_tokens",
    "output_cost_per_reasoning_token": "thought_tokens",
    "cache_read_input_token_cost": "cached_input_tokens",
    "input_cost_per_audio_token": "input_tokens@audio",
    "cache_read_input_audio_token_cost": "cached_input_tokens@audio",
    "output_cost_per_audio_token": "output_tokens@audio",
    "input_cost_per_image_token": "input_tokens@image",
    "output_cost_per_image_token": "output_tokens@image",
    "input_cost_per_video_token": "input_tokens@video",
    "output_cost_per_video_token": "output_tokens@video",
}
FIELD = re.compile(rf"({'|'.join(FIELDS)})(?:_above_(128|200)k_tokens)?(_batches|_flex|_priority)?")
# Fields for which we have no meter, or which repeat per image or second what tokens already count.
NOT_EXPRESSED = {
    "output_cost_per_image": "imagen by images; else the token price once more",
    "input_cost_per_image": "the token price once more",
    "output_cost_per_second": "video is paid by the second of video: no meter for that yet",
    "output_cost_per_second_4k": "video by the second",
    "output_cost_per_second_1080p": "video by the second",
    "input_cost_per_second": "live sessions by the second beside tokens",
    "input_cost_per_video_per_second": "live sessions by the second beside tokens",
    "google_maps_grounding_cost_per_query": "no meter for Maps queries yet",
    "search_context_cost_per_query": "compared below",
}
# Models for which we have no price, and why.
NO_PRICE = {
    "gemini-exp-1114": "experiment of 2024; its price of 0 is an assumption",
    "gemini-exp-1206": "experiment of 2024; its price of 0 is an assumption",
    "learnlm-1.5-pro-experimental": "experiment of 2024; free then, gone now",
    "gemini-gemma-2-27b-it": "not a name of the API; genai-prices has gemma-2-27b-it at 0.65/0.65",
    "gemini-gemma-2-9b-it": "not a name of the API; held as gemma-2-9b-it",
    "lyria-3-clip-preview": "songs: no meter for that yet",
    "lyria-3-pro-preview": "songs: no meter for that yet",
    "lyria-3.5-clip-preview": "songs: no meter for that yet",
    "lyria-3.5-pro-preview": "songs: no meter for that yet",
    "lyria-3.5": "songs: no meter for that yet",
    "lyria-realtime-exp": "songs: no meter for that yet",
    "veo-3.1-fast-generate-preview": "video by the second",
    "veo-3.1-generate-preview": "video by the second",
    "veo-3.1-lite-generate-preview": "video by the second",
    "veo-3.1-fast-generate-001": "video by the second",
    "veo-3.1-generate-001": "video by the second",
}
# (model, field) -> our price, USD per 1,000,000.
# Each is a cached or audio price that neither genai-prices nor the provider's own table has, so the
# price of input or text applies. litellm's figures for cached speech models contradict each other
# too: flex is a fifth of standard, batch is half.
DIFFERENT: dict[tuple[str, str], str] = {
    ("gemini-2.5-flash-image", "cache_read_input_token_cost"): "0.3",
    ("gemini-2.5-flash-image", "input_cost_per_audio_token"): "0.3",
    ("gemini-2.5-pro-preview-tts", "cache_read_input_token_cost"): "1",
    ("gemini-2.5-pro-preview-tts", "input_cost_per_audio_token"): "1",
    ("gemini-3.8-flash-tts", "cache_read_input_token_cost"): "0.5",
    ("gemini-3.8-flash-tts", "cache_read_input_token_cost_batches"): "0.25",
    ("gemini-3.8-flash-tts", "cache_read_input_token_cost_flex"): "0.25",
    ("gemini-3.8-flash-tts", "cache_read_input_token_cost_priority"): "0.9",
    ("gemini-3.8-flash-lite-tts", "cache_read_input_token_cost"): "0.5",
    ("gemini-3.8-flash-lite-tts", "cache_read_input_token_cost_batches"): "0.25",
    ("gemini-3.8-flash-lite-tts", "cache_read_input_token_cost_flex"): "0.25",
    ("gemini-3.8-flash-lite-tts", "cache_read_input_token_cost_priority"): "0.9",
}


def cost(prices, now, model, meter, tier, above):
    """What a million of a meter costs, in a request above the threshold if asked."""
    options = {"tier": tier}
    base = {"input_tokens": above + 1} if above else {}
    used = dict(base)
    used[meter] = used.get(meter, 0) + 10**6
    if above or not meter.startswith(("input", "cached")):
        whole = prices.price("gemini", model, used, now, options)
        part = prices.price("gemini", model, base, now, options)
        return None if whole.cost_pico is None else whole.cost_pico - part.cost_pico
    used = {meter: 1_000}  # below every threshold
    priced = prices.price("gemini", model, used, now, options)
    return None if priced.cost_pico is None else priced.cost_pico * 1_000


def gemini_fields(facts):
    for name, entry in facts(FILE)["models"].items():
        if not name.startswith("gemini/"):
            continue
        for field, value in entry.items():
            if "cost" in field:
                yield name.removeprefix("gemini/"), field, value


def test_every_token_price_agrees_or_is_listed_as_different(prices, now, facts):
    compared, different = 0, {}
    for model, field, value in gemini_fields(facts):
        found = FIELD.fullmatch(field)
        if model in NO_PRICE or found is None:
            continue
        meter, tier = FIELDS[found[1]], TIERS[found[3] or ""]
        ours = cost(prices, now, model, meter, tier, int(found[2] or 0) * 1_000)
        assert ours is not None, (model, field)
        compared += 1
        if ours != Fraction(value) * 10**18:
            different[model, field] = format(Decimal(ours) / 10**12, "f")
    assert compared > 350
    assert different == DIFFERENT


def test_every_field_has_a_meter_or_is_listed(prices, facts):
    for model, field, _ in gemini_fields(facts):
        if model in NO_PRICE:
            assert not prices.is_known("gemini", model), model
        elif model != "gemma-3-27b-it":  # free in every unit
            assert FIELD.fullmatch(field) or field in NOT_EXPRESSED, (model, field)


def test_search_and_image_prices_agree(prices, now, facts):
    compared = 0
    for model, field, value in gemini_fields(facts):
        if model in NO_PRICE:
            continue
        if field == "search_context_cost_per_query":
            ours = prices.price("gemini", model, {"searches": 1_000}, now).cost_pico
            assert ours == Fraction(value["search_context_size_low"]) * 10**15, model
            compared += 1
        if field == "output_cost_per_image" and model.startswith("imagen"):
            ours = prices.price("gemini", model, {"images": 1}, now).cost_pico
            assert ours == Fraction(value) * 10**12
            compared += 1
    assert compared > 25


SPEECH_DIFFERENT = {
    "deepgram/nova-3-medical": "0.0043",  # litellm 0.0052; we follow the launch post
    "deepgram/whisper": "0.0048",  # litellm 0.0060
    **{f"deepgram/whisper-{s}": "0.0048" for s in ("base", "large", "medium", "small", "tiny")},
}


def test_every_speech_price_agrees_or_is_listed_as_different(prices, now, facts):
    different = {}
    for name, entry in facts(FILE)["models"].items():
        provider, _, model = name.rpartition("/") if "/" in name else ("openai", "", name)
        provider, _, path = provider.partition("/")
        if provider == "gemini":
            continue
        model = f"{path}/{model}" if path else model
        options = {"addons": model.removeprefix("streaming/")}
        if model in {f"streaming/{a}" for a in ("redact", "keyterm", "detect_entities", "diarize")}:
            minute = {"audio_milliseconds": 60_000}
            plain = prices.price(provider, "nova-3", minute, now).cost_pico
            ours = prices.price(provider, "nova-3", minute, now, options).cost_pico - plain
            assert ours == entry["metadata"]["original_pricing_per_minute"] * 10**12
        elif "input_cost_per_character" in entry:
            ours = prices.price(provider, model, {"characters": 1_000}, now).cost_pico
            assert ours == entry["input_cost_per_character"] * 10**15, name
        elif "input_cost_per_audio_token" in entry or "input_cost_per_token" in entry:
            used = {"input_tokens": 1_000, "output_tokens": 10}
            theirs = entry["input_cost_per_token"] * 1_000 + entry["output_cost_per_token"] * 10
            assert prices.price(provider, model, used, now).cost_pico == theirs * 10**12, name
        else:
            ours = prices.price(provider, model, {"audio_milliseconds": 60_000}, now).cost_pico
            minute = entry.get("metadata", {}).get("original_pricing_per_minute")
            theirs = minute if minute is not None else entry["input_cost_per_second"] * 60
            # their prices per second are rounded: 0.0043 a minute became 0.0043002
            if abs(ours - theirs * 10**12) > 10**7:
                different[name] = format(Decimal(ours).scaleb(-12).normalize(), "f")
    assert different == SPEECH_DIFFERENT
