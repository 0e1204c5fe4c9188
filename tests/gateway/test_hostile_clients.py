"""Clients that go at each state or send slowly: each call settles once, and nothing hangs."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import suppress

import pytest

from quotakeeper.domain.keys.virtual_key import OnGone
from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.credentials import take_credentials
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.http_server.heads import parse_head
from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.gateway.billing_server import Got, billing_server
from tests.gateway.harness import STREAM, Gate, gate, prompt, run
from tests.gateway.lying_server import reset
from tests.keys.fake_keys import NOW, text_of

_BODY = json.dumps(prompt()).encode()


def _head(key: str, path: str = STREAM, length: int = len(_BODY)) -> bytes:
    lines = f"POST {path} HTTP/1.1\r\nHost: a\r\nx-goog-api-key: {key}\r\n"
    return f"{lines}Content-Length: {length}\r\n\r\n".encode()


async def _opened(through: Gate) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(through.url.rpartition(":")[2]))


async def _idle(through: Gate) -> None:
    """Wait until the gateway has neither a connection of this client nor a call."""
    while through.serving.by_address or len(through.gateway._calls):
        await asyncio.sleep(0)


def _leave(writer: asyncio.StreamWriter, how: str) -> None:
    if how == "rst":
        reset(writer)
    elif how == "half-close":
        writer.write_eof()
    else:
        writer.close()


@pytest.mark.parametrize("how", ["rst", "fin", "half-close"])
@pytest.mark.parametrize("part", [0, 1, 40, -1, len(_BODY) // 2])
def test_a_client_that_goes_before_its_request_is_whole_costs_nothing(part: int, how: str) -> None:
    """Before the head, inside it, at its end, and inside the body."""

    async def test() -> None:
        quick = HttpServerSettings(head_seconds=0.3, body_idle_seconds=0.3)
        async with billing_server() as provider, gate(provider.url, server=quick) as through:
            head = _head(through.key())
            whole = head + _BODY
            sent = {-1: head, len(_BODY) // 2: whole[: len(head) + part]}.get(part, whole[:part])
            _, writer = await _opened(through)
            writer.write(sent)
            await writer.drain()
            _leave(writer, how)
            await _idle(through)
            assert provider.requests == [] and await through.events() == []
            writer.close()

    run(test)


@pytest.mark.parametrize("drains", [False, True])
@pytest.mark.parametrize("how", ["rst", "fin", "half-close"])
@pytest.mark.parametrize("when", ["before the answer", "in the stream", "in silence"])
def test_a_client_that_goes_after_admission_settles_its_call_once(
    when: str, how: str, drains: bool
) -> None:
    """The provider's connection ends too, unless the key lets the answer be read on."""
    asked = asyncio.Event()

    async def wait(_: Got) -> None:
        asked.set()
        if when == "before the answer":
            await asyncio.sleep(0.05)

    async def test() -> None:
        pauses = None if when == "before the answer" else 2
        settings = GatewaySettings(gone_seconds=0.1)
        async with (
            billing_server(on_request=wait, pauses_after=pauses) as provider,
            gate(provider.url, settings=settings) as through,
        ):
            reader, writer = await _opened(through)
            policy = OnGone.DRAIN if drains else OnGone.CANCEL
            writer.write(_head(through.key(on_gone=policy)) + _BODY)
            await asked.wait()
            if when == "in silence":
                await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"usageMetadata")
            _leave(writer, how)
            await _idle(through)
            (event,) = await through.events()
            assert event.quantities["requests"] == 1
            assert len(provider.requests) == 1
            writer.close()

    run(test)


def test_slow_heads_and_bodies_do_not_hold_other_clients() -> None:
    """Sixty connections drip bytes. They end at their time; a valid call passes meanwhile."""

    async def test() -> None:
        quick = HttpServerSettings(head_seconds=0.4, body_idle_seconds=0.2, most_pending=64)
        async with billing_server() as provider, gate(provider.url, server=quick) as through:
            key = through.key()
            slow = []
            for number in range(60):
                reader, writer = await _opened(through)
                writer.write(b"P" if number % 2 else _head(key) + b"{")
                slow.append((reader, writer))
            assert (await through.post(STREAM, prompt(), key))[0] == 200
            for reader, writer in slow:
                with suppress(ConnectionError):
                    assert (await reader.readline()).split()[1:2] in ([b"408"], [])
                writer.close()
            assert len(provider.requests) == 1 and len(await through.events()) == 1

    run(test)


def test_a_key_that_expires_in_a_stream_ends_it() -> None:
    async def test() -> None:
        quick = GatewaySettings(key_seconds=0.01)
        async with (
            billing_server(pauses_after=2) as provider,
            gate(provider.url, settings=quick) as through,
        ):
            call = asyncio.create_task(through.post(STREAM, prompt(), through.key()))
            await provider.answering.wait()
            through.change("an", expires_at=NOW)
            _, _, body = await call
            error = json.loads(body.strip().rpartition(b"data: ")[2])["error"]
            assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")
            await provider.left.wait()
            assert await through.total() == provider.total and len(await through.events()) == 1

    run(test)


_PLACES = {
    "?key=": ("?key={}", ""), "?token=": ("?token={}", ""),
    "x-goog-api-key": ("", "x-goog-api-key: {}"), "x-api-key": ("", "x-api-key: {}"),
    "authorization": ("", "Authorization: Bearer {}"), "api-key": ("", "api-key: {}"),
    "subprotocol": ("", "Sec-WebSocket-Protocol: token, {}"),
    "openai's": ("", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{}"),
}  # fmt: skip


# Both subprotocols are in one header, which is no second place.
_PAIRS = [
    each for each in itertools.combinations(_PLACES, 2) if each != ("subprotocol", "openai's")
]


@pytest.mark.parametrize(("one", "two"), _PAIRS)
def test_two_different_keys_in_any_two_places_are_refused(one: str, two: str) -> None:
    """The same key in both places is one key."""
    for first, second, is_refused in ((1, 2, True), (1, 1, False)):
        query, headers = "", ""
        for place, number in ((one, first), (two, second)):
            parameter, header = (each.format(text_of(number)) for each in _PLACES[place])
            query += parameter.replace("?", "&") if query else parameter
            headers += f"{header}\r\n" if header else ""
        head = parse_head(f"GET /v1/listen{query} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        if is_refused:
            with pytest.raises(GatewayAnswerError) as refused:
                take_credentials(head)
            assert (refused.value.status, refused.value.code) == (400, "two_keys")
        else:
            taken = take_credentials(head)
            assert taken.secret == text_of(1)
            assert text_of(1) not in taken.target + str(taken.headers) + str(taken.protocols)
