"""A client cannot hide what it uses: the answer reports it, or the most that is possible counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.gateway.upstreams import make_upstreams
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GENERATE, STREAM, chat, gate, prompt, run

HIDING = (
    "fields=candidates", "%66ields=x", "Fields=x", "$fields=x", "%24fields=x", "a=1;fields=x",
    "callback=foo", "alt=proto", "alt=media", "$alt=proto", "$alt=json%3Benum-encoding%3Dint",
    "$httpMethod=GET", "$.xgafv=1", "alt=json&alt=proto", "x&fields",
)  # fmt: skip


@asynccontextmanager
async def _answering(body: bytes, kind: str = "application/json") -> AsyncIterator[str]:
    """Serve one answer, whatever is asked. Yields the address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
                writer.write(
                    f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n"
                    f"content-length: {len(body)}\r\n\r\n".encode()
                    + body
                )
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


async def _parts() -> AsyncIterator[bytes]:
    yield b"a"


def test_a_parameter_that_hides_the_usage_is_refused() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key()
            for each in HIDING:
                status, _, body = await through.post(f"{GENERATE}?{each}", prompt(), key)
                reason = json.loads(body)["error"]["reason"]
                assert (status, reason) == (400, "parameter_not_served"), each
            sound = "/deepgram/v1/listen?model=nova-3&callback=http%3A%2F%2Fa.example"
            assert (await through.post(sound, {"url": "http://a.example/a.wav"}, key))[0] == 400
            assert provider.requests == []
            for allowed in ("alt=json", "$alt=json", "prettyPrint=false", "fieldset=1"):
                assert (await through.post(f"{GENERATE}?{allowed}", prompt(), key))[0] == 200
            assert (await through.post(STREAM, prompt(), key))[0] == 200

    run(test)


def test_a_header_that_hides_the_usage_is_left_out() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            mask = {"X-Goog-FieldMask": "candidates"}
            assert (await through.post(GENERATE, prompt(), through.key(), mask))[0] == 200
            assert provider.requests[0].values("x-goog-fieldmask") == []

    run(test)


def test_a_request_names_one_method_and_one_address() -> None:
    """Headers that name others are left out. A GET with a body is not sent."""
    others = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL",
              "X-Rewrite-URL")  # fmt: skip

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            named = {"x-goog-api-key": through.key(), **dict.fromkeys(others, "DELETE")}
            url = f"{through.url}/gemini/v1beta/models"
            async with through.client.get(url, headers=named) as got:
                assert got.status == 200
            (seen,) = provider.requests
            assert [seen.values(each.lower()) for each in others] == [[]] * len(others)
            for data in (b"a", _parts()):
                async with through.client.get(url, headers=named, data=data) as got:
                    reason = json.loads(await got.read())["error"]["reason"]
                assert (got.status, reason) == (400, "body_not_served")
            assert provider.requests == [seen]

    run(test)


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (None, "identity"), ("br, zstd", "identity"), ("*", "identity"), ("gzip;q=0", "identity"),
        ("gzip, deflate, br, zstd", "gzip, deflate"), ("GZIP;q=0.5 , br", "gzip"),
        ("deflate", "deflate"), ("br;q=1.0, gzip;q=0.0", "identity"),
    ],
)  # fmt: skip
def test_the_provider_is_asked_for_a_coding_that_can_be_decoded(
    accepted: str | None, sent: str
) -> None:
    (upstream,) = make_upstreams({"gemini": "k"}, {})
    given = () if accepted is None else (("accept-ENCODING", accepted),)
    told = {name.lower(): value for name, value in upstream.headers(given)}
    assert told["accept-encoding"] == sent
    assert len([1 for name, _ in upstream.headers(given) if name.lower() == "accept-encoding"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "kind", "answer"),
    [
        (GENERATE, prompt(most=50), "application/json", b"{}"),
        (GENERATE, prompt(most=50), "application/x-protobuf", b"\x0a\x10abcd"),
        (GENERATE, prompt(most=50), "text/javascript", b'foo({"usageMetadata": {}});'),
        (STREAM, prompt(most=50), "text/event-stream",
         b'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n'),
        ("/openai/v1/chat/completions", chat(most=50), "application/json", b'{"choices": []}'),
        ("/anthropic/v1/messages", chat(most=50), "application/json", b"{}"),
    ],
)  # fmt: skip
def test_a_whole_answer_without_usage_counts_as_the_most(
    path: str, body: Any, kind: str, answer: bytes
) -> None:
    """The output cap of the request is the least that may count, and it is marked as assumed."""

    async def test() -> None:
        async with _answering(answer, kind) as provider, gate(provider) as through:
            assert (await through.post(path, body, through.key()))[0] == 200
            (event,) = await through.events()
            assert event.provenance is Provenance.ASSUMED
            assert event.quantities["output_tokens"] == 50
            assert event.quantities["input_tokens"] >= 3

    run(test)


def test_the_characters_of_speech_need_no_report() -> None:
    """The request states them, so they are no assumption."""

    async def test() -> None:
        async with _answering(b"sound", "audio/mpeg") as provider, gate(provider) as through:
            body = {"model": "tts-1", "input": "abc", "voice": "alloy"}
            assert (await through.post("/openai/v1/audio/speech", body, through.key()))[0] == 200
            (event,) = await through.events()
            assert event.provenance is Provenance.ESTIMATED
            assert event.quantities == {"characters": 3, "requests": 1}

    run(test)
