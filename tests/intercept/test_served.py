"""The price follows the tier and the model of the answer, not of the request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Provenance
from quotakeeper.sandbox import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    Watched,
    billed,
    booked,
    by_requests,
    generate,
    prompt,
    stream,
)
from tests.intercept.scripted import (
    JSON,
    STREAMED,
    Got,
    Line,
    ScriptedServer,
    chunk,
    event,
    whole,
)

# Dollars per million tokens of gemini-2.5-flash, by tier: input, output.
FLASH = {"standard": (30, 250), "flex": (15, 125), "priority": (54, 450)}  # cents
PICO_PER_CENT = 10_000  # for one token, at one cent a million
# Dollars per million tokens of the other providers: standard, priority.
OTHERS = {
    ("openai", "gpt-4o-mini", "input_tokens"): (1, 3),
    ("openai", "gpt-4o-mini", "output_tokens"): (2, 5),
    ("anthropic", "claude-haiku-4-5", "input_tokens"): (1, 7),
    ("anthropic", "claude-haiku-4-5", "output_tokens"): (2, 11),
}


def price_file() -> str:
    rows = [
        f'  {{ provider = "{provider}", model = "{model}", meter = "{meter}", usd = "{usd}", '
        f'tier = "{tier}" }},'
        for (provider, model, meter), both in OTHERS.items()
        for tier, usd in zip(("standard", "priority"), both, strict=True)
    ]
    return "\n".join(
        [
            'as_of = 2026-11-24\nproviders = ["anthropic", "openai"]',
            'defaults = { per = 1_000_000, from = 1970-01-01, source = "me", confidence = "low" }',
            "price = [",
            *rows,
            "]",
        ]
    )


@pytest.mark.parametrize("url_of", [generate, stream])
@pytest.mark.parametrize("fault", ["", "downgrade"])
@pytest.mark.parametrize("tier", ["standard", "flex", "priority"])
def test_a_gemini_call_costs_the_price_of_its_served_tier(
    tier: str, fault: str, url_of: Any, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    body = json.dumps({**json.loads(prompt()), "serviceTier": tier}).encode()
    headers = {**HEADERS, "x-sandbox-fault": fault} if fault else HEADERS
    assert by_requests(url_of(sandbox.base_url), body, headers).status == 200
    (made,), (charge,) = watched.events(), sandbox.bill.charges
    served = "standard" if fault else tier
    assert charge.tier == served
    assert booked([made]) == billed(sandbox)
    given, answered = FLASH[served]
    said = charge.quantities
    output = said["output_tokens"] + said.get("thought_tokens", 0)
    cents = given * said["input_tokens"] + answered * output
    assert made.cost_pico == cents * PICO_PER_CENT
    assert made.provenance is Provenance.REPORTED


def answered(path: str, said: Mapping[str, Any], watched: Watched, answer: bytes) -> int | None:
    """The cost of one call that gets an answer."""

    def script(request: Got, line: Line) -> None:
        line.send(answer)

    with ScriptedServer(script) as server:
        assert by_requests(server.url + path, json.dumps(said).encode(), HEADERS).status == 200
    (made,) = watched.events()
    assert made.provenance is Provenance.REPORTED
    return made.cost_pico


OPENAI = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "xin chào"}]}
OPENAI_USED = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
ANTHROPIC = {**OPENAI, "model": "claude-haiku-4-5", "max_tokens": 50}
ANTHROPIC_USED = {"input_tokens": 7, "output_tokens": 5}
MILLION = 1_000_000


@pytest.fixture
def priced(watched: Watched, tmp_path: Path) -> Watched:
    (tmp_path / "prices.toml").write_text(price_file(), encoding="utf-8")
    watched(settings={"price_files": [str(tmp_path / "prices.toml")]})
    return watched


@pytest.mark.parametrize(
    ("asked", "served", "micro"),
    [("auto", "priority", 7 * 3 + 5 * 5), ("priority", "default", 7 * 1 + 5 * 2),
     ("priority", "priority", 7 * 3 + 5 * 5)],
)  # fmt: skip
def test_an_openai_call_costs_the_price_of_its_served_tier(
    asked: str, served: str, micro: int, priced: Watched
) -> None:
    message = {"message": {"role": "assistant", "content": "chào bạn"}, "finish_reason": "stop"}
    body = {"id": "c", "model": "gpt-4o-mini", "choices": [message], "usage": OPENAI_USED}
    answer = whole(json.dumps({**body, "service_tier": served}).encode(), JSON)
    said = {**OPENAI, "service_tier": asked}
    assert answered("/v1/chat/completions", said, priced, answer) == micro * MILLION


@pytest.mark.parametrize(("served", "micro"), [("priority", 7 * 7 + 5 * 11), ("standard", 17)])
@pytest.mark.parametrize("streamed", [False, True])
def test_an_anthropic_call_costs_the_price_of_its_served_tier(
    served: str, micro: int, streamed: bool, priced: Watched
) -> None:
    used = {**ANTHROPIC_USED, "service_tier": served}
    message = {"id": "m", "type": "message", "model": "claude-haiku-4-5", "content": []}
    if streamed:
        begun = {
            "type": "message_start",
            "message": {**message, "usage": {**used, "output_tokens": 1}},
        }
        delta = {"stop_reason": "end_turn"}
        ended = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}
        events = [begun, ended, {"type": "message_stop"}]
        answer = STREAMED + b"".join(chunk(event(one)) for one in events) + b"0\r\n\r\n"
    else:
        answer = whole(json.dumps({**message, "usage": used}).encode(), JSON)
    said = {**ANTHROPIC, "service_tier": "auto", "stream": streamed}
    assert answered("/v1/messages", said, priced, answer) == micro * MILLION


VERTEX = "/v1beta1/projects/p/locations/global/publishers/google/models/"


def test_a_recorded_flex_answer_of_vertex_costs_the_flex_price(
    shared: Path, watched: Watched
) -> None:
    file = shared / "recorded" / "gemini_vertex_flex.json"
    if not file.is_file():
        pytest.skip("../shared/recorded not present: real answers can't be priced")
    body = json.loads(file.read_text(encoding="utf-8"))["body"]
    watched()
    path = f"{VERTEX}gemini-3-flash-preview:generateContent"
    answer = whole(json.dumps(body).encode(), JSON)
    # 5 input tokens at $0.25, and 1 output and 51 thinking tokens at $1.50 a million: half the list
    # price.
    assert answered(path, json.loads(prompt()), watched, answer) == (5 * 25 + 52 * 150) * 10_000


def test_the_price_of_the_answering_model_is_used(watched: Watched) -> None:
    watched()
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12}
    candidate = {"content": {"parts": [{"text": "chào"}]}, "finishReason": "STOP"}
    body = {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "gemini-2.5-flash-lite",
    }
    answer = whole(json.dumps(body).encode(), JSON)
    cost = answered(generate(""), json.loads(prompt()), watched, answer)
    assert cost == (7 * 10 + 5 * 40) * PICO_PER_CENT
    (made,) = watched.events()
    assert (made.labels.model, made.model_served) == ("gemini-2.5-flash", "gemini-2.5-flash-lite")


def test_prepaid_throughput_costs_nothing_more(watched: Watched) -> None:
    watched()
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12,
             "trafficType": "PROVISIONED_THROUGHPUT"}  # fmt: skip
    candidate = {"content": {"parts": [{"text": "chào"}]}, "finishReason": "STOP"}
    body = {"candidates": [candidate], "usageMetadata": usage}
    answer = whole(json.dumps(body).encode(), JSON)
    path = f"{VERTEX}gemini-2.5-flash:generateContent"
    assert answered(path, json.loads(prompt()), watched, answer) == 0
    (made,) = watched.events()
    assert made.quantities["input_tokens"] == 7 and "in advance" in made.note
