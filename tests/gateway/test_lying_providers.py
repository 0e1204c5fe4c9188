"""Providers that lie, and that go at each state: the client gets an end, and the call settles once."""

from __future__ import annotations

import asyncio
import gzip
import json
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.gateway.gateway_settings import GatewaySettings
from tests.gateway.harness import GENERATE, STREAM, Gate, gate, prompt, run
from tests.gateway.lying_server import lying_server, reset

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_USAGE = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5}, "candidates": []}
_BODY = json.dumps(_USAGE).encode()
_TRUE = _OK + b"Content-Length: %d\r\n\r\n" % len(_BODY) + _BODY
_CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_BODY), _BODY)
_BOMB = gzip.compress(bytes(100 * 1024 * 1024), 9)
_LOST, _ODD = (502,), (200, 502)

# Name -> what the provider sends, and the statuses that the client may get. 0: cut off.
_LIES: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "length and chunks": (
        _OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKED, (502, 200, 0)),
    "two lengths": (
        _OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + _BODY, (502,)),
    "short body": (_OK + b"Content-Length: 999\r\n\r\n" + _BODY, (0,)),
    "garbage after the end": (_TRUE + b"HTTP/1.1 200 OK\r\n\r\ngarbage", (200,)),
    "half a head": (_OK, _LOST),
    "no head": (b"", _LOST),
    "bytes that are no HTTP": (b"\x16\x03\x01\x02\x00" * 10 + b"\r\n\r\n", _LOST),
    "half a chunk": (_OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{", (0,)),
    "a chunk that is no number": (_OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", (0, 502)),
    "a chunk of 2^64": (
        _OK + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", (0, 502)),
    "a NUL in a header": (_OK + b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}", (502,)),
    "a header of 100 KB": (_OK + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", _LOST),
    "101 unasked": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nab", _LOST),
    "304 with a body": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nabcde", (304, 502)),
    "204 with a body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabcde", (204, 502)),
    "a gzip bomb": (
        _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB, (200,)),
    "gzip that is none": (
        _OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", (200,)),
    "ten thousand 103": (b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 10_000 + _TRUE, _ODD),
}  # fmt: skip


async def _asked(through: Gate, key: str, path: str = GENERATE) -> tuple[int, bytes]:
    """Send a call. Returns the status and the body; status 0 if the answer was cut off."""
    try:
        status, _, body = await through.post(path, prompt(), key)
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return 0, b""
    return status, body


@pytest.mark.parametrize("name", _LIES)
def test_a_lie_is_settled_once_and_the_next_call_is_served(name: str) -> None:
    sent, wanted = _LIES[name]

    async def lie(writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        if name not in ("garbage after the end", "304 with a body", "204 with a body"):
            writer.close()

    async def truth(writer: asyncio.StreamWriter) -> None:
        writer.write(_TRUE)
        await writer.drain()

    async def test() -> None:
        async with lying_server(lie) as provider, gate(provider.url) as through:
            key = through.key()
            assert (await _asked(through, key))[0] in wanted
            events = await through.events()
            assert provider.requests == 1, "a call is never sent again"
            assert len(events) == 1
            provider.act = truth
            assert await _asked(through, key) == (200, _BODY)
            assert provider.connections == 2, "a connection after a lie is not used again"
            (last,) = [e for e in await through.events() if e not in events]
            assert last.quantities["output_tokens"] == 5

    run(test)


@pytest.mark.parametrize("where", ["http://127.0.0.1:1/", "http://169.254.169.254/", "/v1/other"])
def test_a_redirect_is_returned_and_not_followed(where: str) -> None:
    async def lead(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()

    async def test() -> None:
        async with lying_server(lead) as provider, gate(provider.url) as through:
            named = {"x-goog-api-key": through.key()}
            async with through.client.post(
                through.url + GENERATE, json=prompt(), headers=named, allow_redirects=False
            ) as got:
                assert got.status == 307
            assert provider.requests == 1

    run(test)


@pytest.mark.parametrize("kind", ["1xx", "header", "chunks"])
def test_a_flood_without_end_is_cut(kind: str) -> None:
    """Interim answers, one header, or an answer that never ends: the longest life of a call ends it."""
    part = {
        "1xx": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100,
        "header": b"a" * 65_536,
        "chunks": b"1\r\n \r\n" * 1_000,
    }[kind]
    begin = {"1xx": b"", "header": _OK + b"X-A: ",
             "chunks": _OK + b"Transfer-Encoding: chunked\r\n\r\n"}[kind]  # fmt: skip

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async def test() -> None:
        settings = GatewaySettings(total_seconds=0.5)
        async with (
            lying_server(flood) as provider,
            gate(provider.url, settings=settings) as through,
        ):
            status, _ = await _asked(through, through.key())
            assert status in ({"header": (502,), "1xx": (502, 504), "chunks": (0,)}[kind])
            await provider.ended.wait()
            (event,) = await through.events()
            assert event.provenance in (Provenance.ASSUMED, Provenance.ESTIMATED)

    run(test)


_EVENT = b"data: " + _BODY + b"\r\n\r\n"
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.mark.parametrize("how", ["rst", "fin", "silence"])
@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 2", _STREAM_HEAD, _STREAM_HEAD + _chunk(_EVENT),
               _STREAM_HEAD + _chunk(_EVENT[:20]), _STREAM_HEAD + _chunk(_EVENT) + b"ff"],
)  # fmt: skip
def test_a_provider_that_goes_at_any_state_settles_the_call_once(before: bytes, how: str) -> None:
    """RST, FIN, or no more bytes. What was told is counted; else the most is assumed."""

    async def go(writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await writer.drain()
        if how == "rst":
            reset(writer)
        elif how == "fin":
            writer.close()

    async def test() -> None:
        settings = GatewaySettings(answer_seconds=0.2)
        async with lying_server(go) as provider, gate(provider.url, settings=settings) as through:
            key: Any = through.key()
            with suppress(aiohttp.ClientError):
                status, body = await _asked(through, key, STREAM)
                assert status in (0, 502) or b"error" in body
            (event,) = await through.events()
            assert provider.requests == 1
            if _chunk(_EVENT) in before:
                assert event.quantities["output_tokens"] >= 5

    run(test)
