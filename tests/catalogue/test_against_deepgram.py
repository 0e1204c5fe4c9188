"""Every rule of Deepgram's price facts, in every plan and view, priced by the millisecond."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

AGENTS = {
    "standard": "agent-standard",
    "byo_llm": "agent-byo-llm",
    "byo_llm_tts": "agent-byo-llm-tts",
}


@pytest.fixture
def rules(facts):
    return facts("deepgram_prices.json")["rules"]


def of(rules, product):
    found = [rule for rule in rules if rule["product"] == product]
    assert found
    return found


def pico(usd, amount, per):
    return round(Fraction(usd) * amount * 10**12 / per)


def test_every_speech_to_text_rule_has_its_price(prices, now, rules):
    random = Random(7)
    compared = 0
    for rule in of(rules, "stt"):
        asked = {"mode": rule["mode"], "language": rule.get("language", "")}
        for field, plan, kind in [
            ("payg", "payg", "charged"),
            ("payg_list", "payg", "list"),
            ("growth", "growth", "charged"),
            ("growth_list", "growth", "list"),
        ]:
            usd = rule.get(field) or rule.get(field.removesuffix("_list"))
            if usd is None:
                continue
            for amount in (1, 26_000, 60_000, random.randint(1, 10**9)):
                options = {**asked, "plan": plan, "kind": kind}
                used = {"audio_milliseconds": amount, "requests": 1}
                priced = prices.price("deepgram", rule["model"], used, now, options)
                assert priced.cost_pico == pico(usd, amount, 60_000), (rule, field)
                compared += 1
    assert compared > 150


def test_every_add_on_is_added_to_the_price_of_any_model(prices, now, rules):
    minute = {"audio_milliseconds": 60_000}
    extra = 0
    names = []
    for rule in of(rules, "stt_addon"):
        extra += pico(rule["payg"], 1, 1)
        names.append(rule["param"])
        for model, base in (("nova-3", 4_300), ("base", 12_500), ("", 4_300)):
            options = {"addons": ",".join(names)}
            priced = prices.price("deepgram", model, minute, now, options)
            assert priced.cost_pico == base * 10**6 + extra, (model, names)


def test_an_unknown_add_on_is_unpriced_and_named(prices, now):
    priced = prices.price(
        "deepgram", "nova-3", {"audio_milliseconds": 1}, now, {"addons": "redact,mind_reading"}
    )
    assert (priced.cost_pico, priced.unpriced) == (None, ("addon mind_reading",))


def test_add_ons_are_recognised_in_any_order(prices, now):
    used = {"audio_milliseconds": 1_000}
    one = prices.price("deepgram", "nova-3", used, now, {"addons": "redact, diarize"})
    two = prices.price("deepgram", "nova-3", used, now, {"addons": "diarize,redact,redact"})
    assert one == two
    assert one.price_id.endswith("addon-diarize,addon-redact")


def test_text_intelligence_is_priced_by_tokens(prices, now, rules):
    rule = of(rules, "intelligence")[0]
    used = {"input_tokens": 1_855, "output_tokens": 146}
    expected = pico(rule["payg_input"], 1_855, 1_000) + pico(rule["payg_output"], 146, 1_000)
    for feature in rule["param"]:
        options = {"addons": feature}
        assert prices.price("deepgram", "nova-3", used, now, options).cost_pico == expected
    assert prices.price("deepgram", "", used, now).cost_pico == expected
    growth = prices.price("deepgram", "", used, now, {"plan": "growth"}).cost_pico
    assert growth == pico("0.00025", 1_855, 1_000) + pico("0.0005", 146, 1_000)


def test_every_text_to_speech_rule_has_its_price(prices, now, rules):
    for rule in of(rules, "tts"):
        for amount in (1, 999, 10**7 + 1):
            got = prices.price("deepgram", rule["model"], {"characters": amount}, now)
            assert got.cost_pico == pico(rule["payg"], amount, 1_000)


def test_the_voice_agent_is_priced_by_connected_minutes(prices, now, rules):
    for rule in of(rules, "agent"):
        model = AGENTS[rule["variant"]]
        got = prices.price("deepgram", model, {"session_milliseconds": 90_001}, now)
        assert got.cost_pico == pico(rule["payg"], 90_001, 60_000)
        assert prices.price("deepgram", model, {"audio_milliseconds": 1}, now).cost_pico is None


def test_every_rule_of_the_facts_belongs_to_a_tested_product(rules):
    assert {r["product"] for r in rules} == {"stt", "stt_addon", "intelligence", "tts", "agent"}
    units = {"minute", "1k_tokens", "1k_characters", "minute_connected"}
    assert {r["unit"] for r in rules} == units


def test_a_call_without_mode_is_prerecorded_or_the_only_mode(prices, now):
    minute = {"audio_milliseconds": 60_000}

    def cost(model, **options):
        return prices.price("deepgram", model, minute, now, options).cost_pico

    assert cost("nova-3") == 4_300 * 10**6
    assert cost("flux-general-en") == cost("flux-general-en", mode="streaming") == 6_500 * 10**6
    assert cost("flux-general-en", mode="prerecorded") is None
    assert cost("whisper", mode="streaming") is None
    assert cost("nova-2", language="multi") == cost("nova-2")


def test_the_growth_plan_falls_back_to_the_common_price(prices, now):
    minute = {"audio_milliseconds": 60_000}
    options = {"plan": "growth"}
    assert prices.price("deepgram", "nova", minute, now, options).cost_pico == 4_300 * 10**6
    assert prices.price("deepgram", "aura", {"characters": 1_000}, now, options).cost_pico == (
        15 * 10**9
    )
