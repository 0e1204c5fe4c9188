"""The different names of one model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.catalogue import load_snapshot
from quotakeeper.errors import ConfigError

LONG = "projects/my-project/locations/us-central1/publishers/google/models/"


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        (LONG + "gemini-2.5-flash", "gemini-2.5-flash"),
        (LONG + "gemini-2.0-flash@001", "gemini-2.0-flash"),
        ("gemini/gemini-2.5-flash", "gemini-2.5-flash"),
        ("vertex_ai/gemini-2.5-flash", "gemini-2.5-flash"),
        ("google-gla:gemini-2.5-flash", "gemini-2.5-flash"),
        ("gemini/models/gemini-2.5-flash", "gemini-2.5-flash"),
        (" Gemini-2.5-Flash ", "gemini-2.5-flash"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("gemini-1.5-pro-002", "gemini-1.5-pro"),
        ("gemini-1.5-flash-latest", "gemini-1.5-flash"),
        ("gemini-1.5-flash-8b-001", "gemini-1.5-flash-8b"),
        ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
        ("gemini-2.5-flash-lite-preview-09-2025", "gemini-2.5-flash-lite"),
        ("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
        ("gemini-2.5-flash-preview-05-20", "gemini-2.5-flash-preview"),
        ("gemini-2.5-flash-native-audio-preview-12-2025", "gemini-live-2.5-flash"),
        ("gemini-flash-latest", "gemini-3.8-flash"),
        ("gemini-flash-lite-latest", "gemini-3.5-flash-lite"),
        ("gemini-pro-latest", "gemini-3.1-pro-preview"),
        ("gemini-3-pro-image-preview", "gemini-3-pro-image"),
        ("gemini-3.1-flash-lite-preview", "gemini-3.1-flash-lite"),
        ("gemini-embedding-2-preview", "gemini-embedding-2"),
        ("imagen-3.0-generate-002", "imagen-3.0-generate"),
        ("gemini-pro-1.5", "gemini-1.5-pro"),
        ("", ""),
        ("tunedModels/my-model-42", "tunedModels/my-model-42"),
        ("projects/p/locations/l/endpoints/123", "projects/p/locations/l/endpoints/123"),
        ("models/gemini-4-carbon", "gemini-4-carbon"),
        ("gemini-9-flash-preview-01-02", "gemini-9-flash-preview-01-02"),
    ],
)
def test_gemini_names_are_recognised(prices, written, model):
    assert prices.canonical_model("gemini", written) == model


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("nova-3-general", "nova-3"),
        ("general-nova-3", "nova-3"),
        ("nova-3-multilingual", "nova-3"),
        ("streaming/nova-3", "nova-3"),
        ("deepgram/streaming/nova-3-multilingual", "nova-3"),
        ("nova-3-medical", "nova-3-medical"),
        ("2-general-nova", "nova-2"),
        ("2-phonecall-nova", "nova-2"),
        ("nova-2-general", "nova-2"),
        ("nova-2-phonecall", "nova-2"),
        ("nova-general", "nova"),
        ("base-general", "base"),
        ("general", "base"),
        ("enhanced-finance", "enhanced"),
        ("whisper-large", "whisper"),
        ("aura-2-thalia-en", "aura-2"),
        ("aura-asteria-en", "aura"),
        ("flux-alexis-en", "flux-tts"),
        ("flux-general-en", "flux-general-en"),
        ("voice-agent", "agent-standard"),
        ("nova-4", "nova-4"),
        ("aura-3-thalia-en", "aura-3-thalia-en"),
        ("nova-9-general", "nova-9-general"),
    ],
)
def test_deepgram_names_are_recognised(prices, written, model):
    assert prices.canonical_model("deepgram", written) == model


@pytest.mark.parametrize("arch", ["nova-3", "nova-2", "nova", "enhanced", "base", "whisper"])
def test_the_arch_of_a_reply_has_a_price(prices, now, arch):
    assert prices.price("deepgram", arch, {"audio_milliseconds": 1}, now).cost_pico


@pytest.mark.parametrize(
    ("provider", "model"),
    [("gemini", "gemini-4-carbon"), ("gemini", "tunedModels/x"), ("deepgram", "nova-4")],
)
def test_an_unknown_name_stays_unpriced(prices, now, provider, model):
    assert not prices.is_known(provider, model)
    assert prices.price(provider, model, {"input_tokens": 1}, now).cost_pico is None


def test_a_name_may_contain_the_language_and_the_mode(prices, now):
    minute = {"audio_milliseconds": 60_000}
    multi = prices.price("deepgram", "nova-3-multilingual", minute, now)
    assert multi == prices.price("deepgram", "nova-3", minute, now, {"language": "multi"})
    assert multi.cost_pico == 5_200 * 10**6
    both = prices.price("deepgram", "streaming/nova-3-multilingual", minute, now)
    assert both.cost_pico == 5_800 * 10**6


def test_every_model_is_its_own_name(prices):
    for provider in prices.providers():
        for model in prices.models(provider):
            assert prices.canonical_model(provider, model) == model
            assert prices.canonical_model(provider, f"{provider}/{model}") == model


@given(st.text(max_size=60))
def test_any_text_gives_a_name_and_never_raises(model):
    snapshot = load_snapshot()
    for provider in ("gemini", "deepgram", "other"):
        assert isinstance(snapshot.canonical_model(provider, model), str)


@pytest.mark.parametrize("bare", ["gemini/", "models/", "publishers/google/models/", "/", "@001"])
def test_a_name_that_is_only_a_prefix_differs_from_no_model(prices, now, bare):
    assert prices.price("gemini", bare, {"input_tokens": 1}, now).cost_pico is None
    assert prices.canonical_model("gemini", bare) == bare


def test_a_name_of_a_million_characters_is_answered_at_once(prices):
    assert not prices.is_known("gemini", "models/" + "-preview" * 100_000)
    assert not prices.is_known("gemini", "gemini/" * 100_000)


def test_a_price_file_may_name_further_prefixes(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[[prefix]]\nprovider = "gemini"\nname = "our-gateway/"\n', encoding="utf-8")
    mine = load_snapshot([file])
    assert mine.canonical_model("gemini", "our-gateway/gemini-2.5-flash") == "gemini-2.5-flash"
    assert mine.canonical_model("gemini", "vertex_ai/gemini-2.5-flash") == "gemini-2.5-flash"
    assert mine.canonical_model("deepgram", "our-gateway/nova-3") == "our-gateway/nova-3"
    file.write_text('[[prefix]]\nprovider = "gemini"\nname = "gem"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: prefix\[1\]\.name: 'gem' does not end in"):
        load_snapshot([file])
