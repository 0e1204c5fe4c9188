"""Documents of a stream that wait: the result is the same as if each one were read when it came."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from quotakeeper.providers import Usage
from quotakeeper.providers.anthropic.replies import MessageReader
from quotakeeper.providers.chat_completions.replies import ChatReader
from quotakeeper.providers.formats.json_values import parse_json
from quotakeeper.providers.gemini.replies import ContentReader
from quotakeeper.providers.reading import response_reader
from quotakeeper.providers.reading.token_reader import TokenReader
from tests.providers.support import understood
from tests.providers.wires import WIRES

SEED = 20_261_130
STREAMS = 300
REQUESTS = {wire.name: wire.request for wire in WIRES}
# Texts that look like the keys that are searched for. In JSON, their quotes have backslashes.
TEXTS = (
    "xin chào",
    '"usageMetadata" 12',
    "你好",
    "",
    '{"candidatesTokenCount": 99}',
    '"error": {}',
)
READERS: dict[str, type[TokenReader]] = {
    "gemini sse": ContentReader, "chat stream": ChatReader, "messages stream": MessageReader,
}  # fmt: skip


def gemini(draw: random.Random, number: int, count: int, totals: list[int]) -> dict[str, Any]:
    """A chunk with a growing total, and seldom with what must not be forgotten."""
    parts: list[dict[str, Any]] = [{"text": draw.choice(TEXTS)}]
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    body: dict[str, Any] = {"candidates": [candidate]}
    if draw.random() < 0.03:
        arguments = {"usageMetadata": {"candidatesTokenCount": 3_000}}
        parts.append({"functionCall": {"name": "f", "args": arguments}})
    if draw.random() < 0.03:
        candidate["groundingMetadata"] = {"webSearchQueries": ["a"]}
    if draw.random() < 0.02:
        body["error"] = {"code": 500, "message": "x"}
    if number == count - 1 or draw.random() < 0.01:
        candidate["finishReason"] = "STOP"
    if draw.random() < 0.9:
        totals[0] += draw.randint(0, 9)
        totals[1] += draw.choice((0, 0, 7))
        if draw.random() < 0.15:
            totals[draw.randint(0, 1)] //= 3  # some models start again after they run code
        usage: dict[str, Any] = {
            "promptTokenCount": 18, "candidatesTokenCount": totals[0],
            "totalTokenCount": 18 + sum(totals), "thoughtsTokenCount": totals[1],
        }  # fmt: skip
        if draw.random() < 0.2:
            usage["serviceTier"] = draw.choice(("standard", "flex"))
        if draw.random() < 0.03:
            usage["trafficType"] = "PROVISIONED_THROUGHPUT"
        body["usageMetadata"] = usage
    if draw.random() < 0.9:
        body["modelVersion"] = draw.choice(("gemini-2.5-flash", "gemini-3-pro"))
    return body | ({"responseId": f"r{number}"} if draw.random() < 0.9 else {})


def chat(draw: random.Random, number: int, count: int, totals: list[int]) -> dict[str, Any]:
    """A chunk; the last one has the usage."""
    delta: dict[str, Any] = {"content": draw.choice(TEXTS)}
    if draw.random() < 0.03:
        delta = {"tool_calls": [{"function": {"arguments": '{"usage": {"x": 1}}'}}]}
    body: dict[str, Any] = {
        "id": "c1", "model": "gpt-4o", "choices": [{"index": 0, "delta": delta}], "usage": None,
    }  # fmt: skip
    if draw.random() < 0.3:
        body["service_tier"] = draw.choice(("default", "flex"))
    if draw.random() < 0.02:
        body["error"] = {"code": 500, "message": "x"}
    if number == count - 1:
        totals[0] = draw.randint(0, 30)
        body["usage"] = {
            "prompt_tokens": 7, "completion_tokens": totals[0], "total_tokens": 7 + totals[0],
            "completion_tokens_details": {"reasoning_tokens": draw.randint(0, totals[0])},
        }  # fmt: skip
        body["choices"] = []
    return body


def message(draw: random.Random, number: int, count: int, totals: list[int]) -> dict[str, Any]:
    """An event; the first one and the one before the last have the usage."""
    if number == 0:
        usage = {"input_tokens": 12, "output_tokens": 1, "cache_read_input_tokens": 4}
        return {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": usage}}
    if number == count - 1:
        return {"type": "message_stop"}
    if number == count - 2:
        totals[0] = draw.randint(0, 50)
        told = {"output_tokens": totals[0]}
        return {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": told}
    delta = {"type": "text_delta", "text": draw.choice(TEXTS)}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


CHUNKS = {"gemini sse": gemini, "chat stream": chat, "messages stream": message}


def streams(name: str) -> Iterator[list[bytes]]:
    """Streams of up to 60 chunks, half of them cut, in pieces of any size."""
    print(f"seed {SEED}, {STREAMS} streams")
    for number in range(STREAMS):
        draw = random.Random(f"{SEED} {name} {number}")
        count, totals = draw.randint(1, draw.choice((20, 60))), [0, 0]
        chunks = [
            json.dumps(CHUNKS[name](draw, at, count, totals), ensure_ascii=draw.random() < 0.5)
            for at in range(count)
        ]
        end = draw.choice(("\n\n", "\r\n\r\n"))
        done = f"data: [DONE]{end}" if name == "chat stream" else ""
        body = ("".join(f"data: {chunk}{end}" for chunk in chunks) + done).encode()
        if draw.random() < 0.5:
            body = body[: draw.randint(0, len(body))]
        size = draw.choice((7, 300, 3_000, 100_000))
        yield [body[at : at + size] for at in range(0, len(body), size)]


def usage_of(name: str, pieces: list[bytes], *, looks: bool) -> tuple[list[object], Usage]:
    """What a reader says after each piece if it is asked, and at the end."""
    adapter, call = understood(REQUESTS[name])
    reader = adapter.reader(call, 200, {})
    so_far: list[object] = []
    for piece in pieces:
        reader.feed(piece)
        if looks:
            so_far.append(dict(reader.so_far()))
    return so_far, reader.finish(complete=True)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("name", CHUNKS)
def test_waiting_does_not_change_what_a_stream_used(
    name: str, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = list(streams(name))
    lazily = [usage_of(name, pieces, looks=looks) for pieces in given]
    monkeypatch.setattr(READERS[name], "totals", None)
    for pieces, found in zip(given, lazily, strict=True):
        assert found == usage_of(name, pieces, looks=looks), b"".join(pieces)


def test_a_total_found_without_parsing_is_the_use_so_far() -> None:
    """A chunk of several events is asked too. Only the last total of a chunk counts."""
    adapter, call = understood(REQUESTS["gemini sse"])
    found = asked = 0
    print(f"seed {SEED}")
    for number in range(STREAMS):
        draw = random.Random(f"{SEED} told {number}")
        totals = [0, 0]
        reader = adapter.reader(call, 200, {})
        assert isinstance(reader, TokenReader)
        for at in range(20):
            chunk = b"".join(
                b"data: " + json.dumps(gemini(draw, at, 20, totals)).encode() + b"\r\n\r\n"
                for _ in range(draw.choice((1, 1, 3)))
            )
            told = reader.told_in(chunk)
            reader.feed(chunk)
            used = reader.so_far()
            asked += 1
            if told is not None:
                found += 1
                tokens = used.get("output_tokens", 0) + used.get("thought_tokens", 0)
                assert told == tokens == sum(totals), chunk
    assert found > asked / 2


@pytest.mark.parametrize(
    "chunk",
    [
        b'data: {"usageMetadata": {"candidatesTokenCount": 3}}',  # the event has not ended
        b'data: {"usageMetadata": {"candidatesTokenCount": 3}}\n\ndata: {"candidates": []}\n\n',
        b'data: {"usageMetadata": {"promptTokenCount": 3}}\n\n',
        b'data: {"functionCall": 1, "usageMetadata": {"candidatesTokenCount": 3}}\n\n',
        b'data: {"error": {"code": 500}, "usageMetadata": {"candidatesTokenCount": 3}}\n\n',
    ],
)
def test_a_chunk_that_must_be_read_tells_no_total(chunk: bytes) -> None:
    adapter, call = understood(REQUESTS["gemini sse"])
    reader = adapter.reader(call, 200, {})
    assert isinstance(reader, TokenReader)
    assert reader.told_in(chunk) is None
    packed = adapter.reader(call, 200, {"content-encoding": "gzip"})
    assert isinstance(packed, TokenReader)
    usual = b'data: {"usageMetadata": {"candidatesTokenCount": 3}}\n\n'
    assert (reader.told_in(usual), packed.told_in(usual)) == (3, None)


class Usual(random.Random):
    """Draws no unusual chunk, and the middle of each range."""

    def random(self) -> float:
        return 0.5


@pytest.mark.parametrize("size", [400, 100_000])
@pytest.mark.parametrize(("name", "most"), [("gemini sse", 4), ("chat stream", 3)])
def test_of_a_long_stream_only_a_few_documents_are_parsed(
    name: str, most: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def parse(data: bytes) -> object:
        parsed.append(data)
        return parse_json(data)

    monkeypatch.setattr(response_reader, "parse_json", parse)
    draw, totals = Usual(), [0, 0]
    chunks = [json.dumps(CHUNKS[name](draw, at, 100, totals)) for at in range(100)]
    ends = ["[DONE]"] if name == "chat stream" else []
    body = "".join(f"data: {chunk}\n\n" for chunk in chunks + ends).encode()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    _, usage = usage_of(name, pieces, looks=False)
    counted = ("output_tokens", "thought_tokens")
    assert sum(usage.quantities.get(key, 0) for key in counted) == sum(totals) > 0
    assert 0 < len(parsed) <= most


@pytest.mark.parametrize("lower", [(0, 5), (5, 0), (5, 5)])
def test_a_cut_stream_whose_total_decreased_keeps_the_largest_counts(
    lower: tuple[int, int],
) -> None:
    totals = [(1, 1), (100, 90), *((100 - lower[0] + at // 9, 90 - lower[1]) for at in range(30))]
    chunks = [
        {"usageMetadata": {"candidatesTokenCount": output, "thoughtsTokenCount": thoughts}}
        for output, thoughts in totals
    ]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()
    _, usage = usage_of("gemini sse", [body], looks=False)
    assert (usage.quantities["output_tokens"], usage.quantities["thought_tokens"]) == (
        max(output for output, _ in totals), 90,
    )  # fmt: skip
