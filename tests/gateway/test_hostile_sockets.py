"""WebSockets whose peers break rules: fragments without end, odd closes, large messages, floods."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.http_server.server_settings import HttpServerSettings
from tests.gateway.harness import Gate, gate, run
from tests.gateway.lying_server import reset
from tests.gateway.test_sockets import LISTEN, SECOND, provider

_MIB = 1024 * 1024
_CONTINUE, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10


def _frame(kind: int, data: bytes, *, is_last: bool = True) -> bytes:
    """A frame of a client, masked with zeros."""
    size = len(data)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = b"\xfe" + struct.pack("!H", size)
    else:
        length = b"\xff" + struct.pack("!Q", size)
    return bytes([kind | 0x80 * is_last]) + length + bytes(4) + data


async def _raw(through: Gate, key: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a WebSocket by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(through.url.rpartition(":")[2]))
    nonce = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {LISTEN} HTTP/1.1\r\nHost: a\r\nAuthorization: Token {key}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _frames(reader: asyncio.StreamReader) -> list[tuple[int, bytes]]:
    """Read the gateway's frames up to a close or the end."""
    found = []
    try:
        while True:
            kind, size = await reader.readexactly(2)
            if size == 126:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await reader.readexactly(8))
            found.append((kind & 15, await reader.readexactly(size)))
            if kind & 15 == _CLOSE:
                return found
    except (asyncio.IncompleteReadError, ConnectionError):
        return found


def _code(frames: list[tuple[int, bytes]]) -> int:
    kind, data = frames[-1]
    assert kind == _CLOSE
    return int(struct.unpack("!H", data[:2])[0]) if data else 1005


_BAD: dict[str, tuple[bytes, int]] = {
    "fragments without end": (
        _frame(_BINARY, b"a" * 65_536, is_last=False)
        + _frame(_CONTINUE, b"a" * 65_536, is_last=False) * 20, 1009),
    "a frame of 2^63": (b"\x82\xff" + struct.pack("!Q", 2**63 - 1) + bytes(4), 1009),
    "a message past the most": (_frame(_BINARY, bytes(_MIB + 1)), 1009),
    "no text": (_frame(_TEXT, b"\xff\xfe"), 1007),
    "a continuation of nothing": (_frame(_CONTINUE, b"a"), 1002),
    "a ping in fragments": (_frame(_PING, b"a", is_last=False), 1002),
    "an unknown kind": (_frame(3, b"a"), 1002),
    "a reserved bit": (b"\xc2\x80" + bytes(4), 1002),
    "a close with 1005": (_frame(_CLOSE, struct.pack("!H", 1005)), 1002),
    "a close with 1006": (_frame(_CLOSE, struct.pack("!H", 1006)), 1002),
    "a close with 5000": (_frame(_CLOSE, struct.pack("!H", 5000)), 1002),
    "a close of one byte": (_frame(_CLOSE, b"a"), 1002),
    "a ping of 126 bytes": (_frame(_PING, b"a" * 126), 1002),
}  # fmt: skip


@pytest.mark.parametrize("name", _BAD)
def test_a_broken_rule_ends_the_session_on_both_sides(name: str) -> None:
    """The sound before it is counted once."""
    sent, code = _BAD[name]

    async def test() -> None:
        small = HttpServerSettings(most_message_bytes=_MIB)
        async with provider() as deepgram, gate(deepgram.url, server=small) as through:
            reader, writer = await _raw(through, through.key())
            writer.write(_frame(_BINARY, SECOND) + sent)
            frames = await _frames(reader)
            if frames:  # a client that breaks rules may be cut off without a close
                assert _code(frames) == code
            writer.close()
            await deepgram.ended.wait()
            await through.logged()
            assert await through.total() == {"audio_milliseconds": 1_000, "requests": 1}

    run(test)


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999, None])
@pytest.mark.parametrize("by", ["client", "provider"])
def test_the_code_of_a_close_reaches_the_other_side(by: str, code: int | None) -> None:
    """None: a close without a code (1005) stays one, or becomes 1000."""
    closes = struct.pack("!H", code) + b"why" if code else b""

    async def close(socket: ServerConnection) -> None:
        try:
            async for _ in socket:
                if by == "provider":
                    await socket.close(code or 1000, "why" if code else "")
        except ConnectionClosed:
            pass
        ended.append(socket.close_code)

    ended: list[int | None] = []

    async def test() -> None:
        async with serve(close, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with gate(f"http://127.0.0.1:{port}") as through:
                reader, writer = await _raw(through, through.key())
                writer.write(_frame(_BINARY, SECOND))
                if by == "client":
                    writer.write(_frame(_CLOSE, closes))
                    await _frames(reader)
                    while not ended:
                        await asyncio.sleep(0)
                    assert ended[0] in ((code,) if code else (1000, 1005))
                else:
                    assert _code(await _frames(reader)) in ((code,) if code else (1000, 1005))
                writer.close()
                await through.logged()
                assert len(await through.events()) == 1

    run(test)


@pytest.mark.parametrize("who", ["client", "provider"])
def test_a_connection_that_is_lost_settles_its_session_once(who: str) -> None:
    async def lose(socket: ServerConnection) -> None:
        async for _ in socket:
            if who == "provider":
                socket.transport.abort()
            else:
                got.set()

    got = asyncio.Event()

    async def test() -> None:
        async with serve(lose, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with gate(f"http://127.0.0.1:{port}") as through:
                reader, writer = await _raw(through, through.key())
                writer.write(_frame(_BINARY, SECOND))
                if who == "client":
                    await got.wait()
                    reset(writer)
                else:
                    assert _code(await _frames(reader)) in (1001, 1006, 1011)
                    writer.close()
                await through.logged()
                assert len(await through.events()) == 1

    run(test)


def test_a_message_of_sixteen_mebibytes_passes_whole() -> None:
    """The largest message that the settings allow is 1,048.576 s of sound, and is counted as that."""

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url) as through:
            size = 16 * _MIB
            async with serve(
                deepgram.converse, "127.0.0.1", 0, max_size=None, select_subprotocol=lambda *_: None
            ) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                async with gate(f"http://127.0.0.1:{port}") as large:
                    reader, writer = await _raw(large, large.key())
                    writer.write(_frame(_BINARY, bytes(size)))
                    writer.write(_frame(_TEXT, b'{"type": "CloseStream"}'))
                    frames = await _frames(reader)
                    assert frames[0][0] == _TEXT and _code(frames) == 1000
                    writer.close()
                    await large.logged()
                    assert (await large.total())["audio_milliseconds"] == size // 16
            assert await through.events() == []

    run(test)


def test_a_flood_of_pings_is_answered_and_costs_nothing() -> None:
    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url) as through:
            reader, writer = await _raw(through, through.key())
            for _ in range(100):
                writer.write(_frame(_PING, b"p") * 100)
                await writer.drain()
            writer.write(_frame(_BINARY, SECOND) + _frame(_TEXT, b'{"type": "CloseStream"}'))
            frames = await _frames(reader)
            assert sum(kind == _PONG for kind, _ in frames) == 10_000
            assert _code(frames) == 1000
            writer.close()
            assert await through.total() == {"audio_milliseconds": 1_000, "requests": 1}

    run(test)


def test_half_a_frame_is_not_waited_for() -> None:
    """A client that answers no ping loses its session, though its connection is open."""

    async def test() -> None:
        quick = HttpServerSettings(ping_seconds=0.1)
        async with provider() as deepgram, gate(deepgram.url, server=quick) as through:
            reader, writer = await _raw(through, through.key())
            writer.write(_frame(_BINARY, SECOND) + _frame(_BINARY, SECOND)[:50])
            await _frames(reader)
            await deepgram.ended.wait()
            await through.logged()
            assert await through.total() == {"audio_milliseconds": 1_000, "requests": 1}
            writer.close()

    run(test)


def test_a_provider_that_answers_no_ping_loses_the_session() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import hashlib

        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        nonce = next(
            line.partition(":")[2].strip() for line in head.split("\r\n")
            if line.lower().startswith("sec-websocket-key")
        )  # fmt: skip
        digest = hashlib.sha1(f"{nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n\x81\x7e\xff"
        )
        while await reader.read(65_536):
            pass
        left.set()
        writer.close()

    left = asyncio.Event()

    async def test() -> None:
        listener = await asyncio.start_server(hang, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        settings = GatewaySettings(ping_seconds=0.1)
        async with gate(url, settings=settings) as through:
            named: Any = {"Authorization": f"Token {through.key()}"}
            async with through.client.ws_connect(through.url + LISTEN, headers=named) as socket:
                message = await socket.receive()
                assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            await left.wait()
            await through.logged()
            assert len(await through.events()) == 1
        listener.close()

    run(test)
