"""The price catalogue knows every option and quantity that adapters produce."""

from __future__ import annotations

import pytest

from quotakeeper.catalogue import load_snapshot
from quotakeeper.domain.units import check_quantities
from quotakeeper.providers import Request, live_session
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.support import DEEPGRAM, GEMINI, post, read, understood
from tests.providers.wires import WIRES, Wire

AT = 1_795_000_000_000_000  # late in 2026


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_a_call_and_its_usage_can_be_priced(wire: Wire) -> None:
    _, call = understood(wire.request)
    usage = read(wire.request, wire.body)
    options = {**call.options, **usage.options}
    prices = load_snapshot()
    for quantities in (call.bound, call.typical, usage.quantities):
        check_quantities(quantities)
        priced = prices.price(
            call.provider, usage.model_served or call.model, quantities, AT, options
        )
        if call.provider in ("gemini", "deepgram"):
            assert priced.cost_pico, priced.unpriced


@pytest.mark.parametrize(
    ("url", "pico"),
    [
        # ten minutes: (0.0043 + 0.0020 + 0.0020) a minute; without a model, base-general at 0.0125
        (f"{DEEPGRAM}/v1/listen?model=nova-3&diarize=true&redact=pci", 83_000_000_000),
        (f"{DEEPGRAM}/v1/listen?model=nova-3&language=multi", 52_000_000_000),
        (f"{DEEPGRAM}/v1/listen", 125_000_000_000),
        (f"{DEEPGRAM}/v1/listen?tier=enhanced", 145_000_000_000),
    ],
)
def test_a_request_is_priced_by_the_parameters_of_its_url(url: str, pico: int) -> None:
    _, call = understood(post(url, {"url": "https://example.org/a.wav"}))
    minutes = {"audio_milliseconds": 600_000, "requests": 1}
    priced = load_snapshot().price("deepgram", call.model, minutes, AT, call.options)
    assert priced.cost_pico == pico


@pytest.mark.parametrize(
    "url",
    [
        "wss://api.deepgram.com/v1/listen?model=nova-3&language=multi&keyterm=a",
        "wss://api.deepgram.com/v2/listen?model=flux-general-multi",
        "wss://api.deepgram.com/v1/speak?model=aura-2-thalia-en",
        "wss://agent.deepgram.com/v1/agent/converse",
    ],
)
def test_a_socket_has_a_price_from_its_first_minute(url: str) -> None:
    found = live_session(Request("GET", url), among=BUILT_IN)
    assert found is not None
    call = found[1].call
    assert load_snapshot().price("deepgram", call.model, call.bound, AT, call.options).cost_pico


def test_the_served_tier_changes_the_price() -> None:
    quantities = {"input_tokens": 1_000_000}
    _, call = understood(
        post(f"{GEMINI}/v1/models/gemini-2.5-flash:generateContent", {"serviceTier": "flex"})
    )
    prices = load_snapshot()
    asked = prices.price("gemini", "gemini-2.5-flash", quantities, AT, call.options).cost_pico
    served = prices.price(
        "gemini", "gemini-2.5-flash", quantities, AT, {"tier": "standard"}
    ).cost_pico
    assert asked is not None
    assert served == 2 * asked
