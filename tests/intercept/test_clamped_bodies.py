"""`on_limit = "clamp"` in hooks: only the request's output cap changes, and only when it must."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.intercept.conftest import HEADERS, PROMPT, WAYS, Post, Watched, by_requests
from tests.intercept.scripted import JSON, Got, Line, ScriptedServer, whole

MONEY = {"name": "money", "meter": "cost", "window": "day", "amount": "0.01"}
TOKENS = {"name": "tokens", "meter": "output_tokens", "window": "day", "amount": 1_000}
SAID = PROMPT + "\U0001f600 \u00e9 1e400"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
USED = {"promptTokenCount": 30, "candidatesTokenCount": 20, "totalTokenCount": 50}
ANSWERS = {
    "gemini": {"candidates": [], "usageMetadata": USED, "modelVersion": "gemini-2.5-flash"},
    "openai": {"object": "chat.completion", "model": "m", "choices": [],
               "usage": {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}},
    "responses": {"object": "response", "model": "m", "status": "completed",
                  "usage": {"input_tokens": 30, "output_tokens": 20, "total_tokens": 50}},
    "anthropic": {"type": "message", "model": "m", "content": [],
                  "usage": {"input_tokens": 30, "output_tokens": 20}},
}  # fmt: skip


class Server:
    """Answers like a provider, and keeps the requests."""

    def __init__(self) -> None:
        self.answer: Any = ANSWERS["gemini"]
        self.server = ScriptedServer(self._script)

    def _script(self, request: Got, line: Line) -> None:
        line.send(whole(json.dumps(self.answer).encode(), JSON))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with made.server:
        yield made


def body(**more: Any) -> bytes:
    """A prompt without a cap, as bytes with irregular spaces and non-ASCII text."""
    said = {"contents": [{"role": "user", "parts": [{"text": SAID}]}], **more}
    return json.dumps(said, indent=1, ensure_ascii=False).encode()


def test_the_cap_becomes_what_is_left_and_no_other_byte_changes(
    post: Post, server: Server, watched: Watched
) -> None:
    keeper = watched(TOKENS, settings={"on_limit": "clamp"})
    url, sent = server.server.url + GEMINI, body(generationConfig={"temperature": 0.1})
    assert post(url, sent, HEADERS).status == 200
    (got,) = server.server.got
    arrived = json.loads(got.body)
    assert arrived["generationConfig"] == {"temperature": 0.1, "maxOutputTokens": 1_000}
    assert arrived["contents"] == json.loads(sent)["contents"]
    assert got.headers["content-length"] == str(len(got.body))
    (event,) = watched.events()
    assert event.quantities["output_tokens"] == 20
    assert keeper.status().limits[0].used == 20 and keeper.verify() == []


@pytest.mark.parametrize("policy", ["raise", "wait", "warn", "clamp"])
def test_a_body_that_fits_or_may_not_be_lowered_is_sent_byte_for_byte(
    post: Post, server: Server, watched: Watched, policy: str
) -> None:
    room = {**TOKENS, "amount": 70_000 if policy != "warn" else 5}
    watched(room, settings={"on_limit": policy})
    sent = body()
    assert post(server.server.url + GEMINI, sent, HEADERS).status == 200
    assert server.server.got[0].body == sent


_OPENAI = {"model": "gpt-4o", "messages": [{"role": "user", "content": SAID}]}
_CASES = [
    ("gemini", "gemini", GEMINI, {"contents": []}, ("generationConfig", "maxOutputTokens"), 1_000),
    ("gemini", "gemini", GEMINI, {"contents": [], "generation_config": {"max_output_tokens": 9_000}},
     ("generation_config", "max_output_tokens"), 1_000),
    ("gemini", "gemini", GEMINI,
     {"contents": [], "generationConfig": {"maxOutputTokens": 9_000, "candidateCount": 3}},
     ("generationConfig", "maxOutputTokens"), 333),
    ("openai", "openai", "/v1/chat/completions", _OPENAI, ("max_completion_tokens",), 1_000),
    ("openai", "openai", "/v1/chat/completions", {**_OPENAI, "max_tokens": 4_000, "n": 2},
     ("max_tokens",), 500),
    ("openai", "responses", "/v1/responses", {"model": "gpt-4o", "input": SAID},
     ("max_output_tokens",), 1_000),
    ("anthropic", "anthropic", "/v1/messages", {**_OPENAI, "max_tokens": 8_000},
     ("max_tokens",), 1_000),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "answer", "path", "asked", "field", "cap"), _CASES)
def test_every_providers_own_cap_field_is_lowered(
    server: Server, watched: Watched, provider: str, answer: str, path: str, asked: dict[str, Any],
    field: tuple[str, ...], cap: int,
) -> None:  # fmt: skip
    watched(TOKENS, settings={"on_limit": "clamp"}, base_urls={server.server.url: provider})
    server.answer = ANSWERS[answer]
    sent = json.dumps(asked).encode()
    assert by_requests(server.server.url + path, sent, HEADERS).status == 200
    arrived = value = json.loads(server.server.got[0].body)
    for name in field:
        value = value[name]
    assert value == cap
    for key, before in asked.items():
        if key != field[0]:
            assert arrived[key] == before
    assert watched.events()[0].quantities["output_tokens"] == 20


def test_calls_after_a_clamped_one_use_the_connection_normally(
    server: Server, watched: Watched
) -> None:
    import requests

    watched({**TOKENS, "amount": 65_550}, settings={"on_limit": "clamp"})
    with requests.Session() as session:
        for _ in range(4):  # unchanged, then clamped, on one connection
            answer = session.post(server.server.url + GEMINI, data=body(), headers=HEADERS)
            assert (answer.status_code, answer.json()) == (200, ANSWERS["gemini"])
    caps = [json.loads(got.body).get("generationConfig") for got in server.server.got]
    assert caps[0] is None and caps[-1] is not None


def test_a_call_below_the_least_output_is_refused(
    post: Post, server: Server, watched: Watched
) -> None:
    watched({**TOKENS, "amount": 255}, settings={"on_limit": "clamp"})
    answer = post(server.server.url + GEMINI, body(), HEADERS)
    assert answer.status == 402 and not server.server.got
    assert "clamp_least" in answer.json["error"]["message"]


@pytest.mark.parametrize("name", ["urllib", "requests", "httpx"])
def test_a_body_sent_in_pieces_is_refused_with_the_reason(
    name: str, server: Server, watched: Watched
) -> None:
    watched(TOKENS, settings={"on_limit": "clamp"})

    def pieces() -> Iterator[bytes]:
        yield body()

    answer = WAYS[name](server.server.url + GEMINI, pieces(), HEADERS)
    assert answer.status == 402
    assert "cannot be lowered: the request's body is sent piece by piece" in str(answer.json)


def test_a_thinking_budget_is_not_lowered(server: Server, watched: Watched) -> None:
    watched(TOKENS, settings={"on_limit": "clamp"})
    asked = body(generationConfig={"thinkingConfig": {"thinkingBudget": 1_000}})
    assert by_requests(server.server.url + GEMINI, asked, HEADERS).status == 402


def test_a_refusal_names_the_cap_field_that_the_request_leaves_out(
    server: Server, watched: Watched
) -> None:
    watched(TOKENS)
    answer = by_requests(server.server.url + GEMINI, body(), HEADERS)
    said = answer.json["error"]["message"]
    assert (
        "65,536 output tokens (the model's maximum, because the request does not set maxOutputTokens)"
        in said
    )
    assert "): set maxOutputTokens in the request, or " in said
