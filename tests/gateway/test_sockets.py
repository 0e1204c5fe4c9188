"""WebSockets through the gateway, against a provider written with the library `websockets`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.gateway.harness import Gate, gate, run
from tests.keys.fake_keys import NOW

LISTEN = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=8000&channels=1"
LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SECOND = bytes(16_000)


@dataclass
class Provider:
    """Deepgram and Gemini Live with a bill. It bills the audio and the tokens that arrived."""

    port: int = 0
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    milliseconds: int = 0
    tokens: int = 0
    closed: list[int] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def converse(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        self.headers.append(
            {name.lower(): value for name, value in socket.request.headers.raw_items()}
        )
        try:
            async for message in socket:
                if "listen" in socket.request.path:
                    if await self._listened(socket, message):
                        break
                else:
                    await self._lived(socket, json.loads(message))
        except ConnectionClosed:
            pass
        self.closed.append(socket.close_code or 0)
        self.ended.set()

    async def _listened(self, socket: ServerConnection, message: str | bytes) -> bool:
        if isinstance(message, bytes):
            self.milliseconds += len(message) // 16
            return False
        seconds = self.milliseconds / 1000
        if json.loads(message)["type"] == "CloseStream":
            await socket.send(json.dumps({"type": "Metadata", "duration": seconds, "channels": 1,
                                          "request_id": "r"}))  # fmt: skip
            await socket.close(1000)
            return True
        return False

    async def _lived(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        if "setup" in message:
            await socket.send(json.dumps({"setupComplete": {}}))
            return
        self.tokens += 7
        usage = {"promptTokenCount": 4, "responseTokenCount": 3, "totalTokenCount": 7}
        await socket.send(
            json.dumps({"serverContent": {"turnComplete": True}, "usageMetadata": usage})
        )


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """Serve on a free port of loopback."""
    made = Provider()
    async with serve(made.converse, "127.0.0.1", 0, select_subprotocol=lambda *_: None) as server:
        made.port = next(iter(server.sockets)).getsockname()[1]
        yield made


async def _end(socket: aiohttp.ClientWebSocketResponse) -> list[Any]:
    """Receive until the end. Returns the messages, then the close code and the reason."""
    got: list[Any] = []
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.CLOSE:
            return [*got, message.data, message.extra]
        if message.type is not aiohttp.WSMsgType.TEXT:
            return [*got, socket.close_code]
        got.append(json.loads(message.data))


def _socket(through: Gate, path: str, **more: Any) -> Any:
    return through.client.ws_connect(through.url.replace("http", "ws") + path, **more)


def test_a_session_of_sound_is_billed_and_counted_alike() -> None:
    """Sound in frames, then the provider's report. The close code passes on."""

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url) as through:
            named = {"Authorization": f"Token {through.key()}"}
            async with _socket(through, f"/deepgram{LISTEN}", headers=named) as socket:
                for _ in range(3):
                    await socket.send_bytes(SECOND)
                await socket.send_str('{"type": "CloseStream"}')
                report, code, _ = await _end(socket)
            assert (report["duration"], code) == (3.0, 1000)
            (event,) = await through.events()
            assert event.quantities == {"audio_milliseconds": 3_000, "requests": 1}
            assert deepgram.milliseconds == 3_000
            assert deepgram.paths == [LISTEN]
            assert (
                deepgram.headers[0]["authorization"]
                == "Token AIza-the-operators-own-key-0123456789"
            )

    run(test)


@pytest.mark.parametrize("place", ["protocol", "query", "header", "root"])
def test_the_key_of_a_socket_may_stand_where_sdks_put_it(place: str) -> None:
    """A subprotocol that held the key is answered, and goes no further."""

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url) as through:
            key = through.key()
            path = f"/deepgram{LISTEN}"
            more: dict[str, Any] = {}
            if place == "protocol":
                more = {"protocols": ("token", key)}
            elif place == "query":
                path += f"&token={key}"
            else:
                more = {"headers": {"Authorization": f"Bearer {key}"}}
                path = LISTEN if place == "root" else path
            async with _socket(through, path, **more) as socket:
                assert socket.protocol == ("token" if place == "protocol" else None)
                await socket.send_str('{"type": "CloseStream"}')
                await _end(socket)
            assert deepgram.paths == [LISTEN]
            assert "sec-websocket-protocol" not in deepgram.headers[0]
            assert key not in str(deepgram.headers) + "".join(through.log)

    run(test)


def test_a_live_session_is_billed_and_counted_alike() -> None:
    """Gemini Live: the setup names the model, and each turn tells its tokens."""

    async def test() -> None:
        async with provider() as gemini, gate(gemini.url) as through:
            path = f"/gemini{LIVE}?key={through.key()}"
            async with _socket(through, path) as socket:
                await socket.send_json({"setup": {"model": "models/gemini-2.5-flash"}})
                assert "setupComplete" in await socket.receive_json()
                for _ in range(2):
                    turn = {"turns": [{"parts": [{"text": "a b"}]}], "turnComplete": True}
                    await socket.send_json({"clientContent": turn})
                    assert "usageMetadata" in await socket.receive_json()
                await socket.close()
            await gemini.ended.wait()
            await through.logged()
            (event,) = await through.events()
            tokens = sum(n for name, n in event.quantities.items() if "tokens" in name)
            assert (tokens, event.labels.model) == (gemini.tokens, "gemini-2.5-flash")
            assert gemini.paths == [LIVE] and gemini.headers[0]["x-goog-api-key"].startswith("AIza")

    run(test)


def test_a_session_at_a_limit_ends_by_the_farewell_and_1008() -> None:
    """Two seconds of sound are allowed. The third is not sent; the provider reports and closes."""
    limit = {"name": "two", "meter": "audio_seconds", "amount": 2, "window": "day", "mode": "hard"}

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url, {"limit": [limit]}) as through:
            named = {"Authorization": f"Token {through.key()}"}
            async with _socket(through, f"/deepgram{LISTEN}", headers=named) as socket:
                for _ in range(3):
                    await socket.send_bytes(SECOND)
                report, code, reason = await _end(socket)
            assert (report["type"], code) == ("Metadata", 1008)
            assert "two" in reason
            assert deepgram.milliseconds == 2_000
            assert await through.total() == {"audio_milliseconds": 2_000, "requests": 1}
            assert (await through.logged())["outcome"] == "cut"

    run(test)


def test_a_session_is_refused_by_the_handshake() -> None:
    """Without room for a second of sound, no socket opens, here or at the provider."""
    limit = {"name": "none", "meter": "audio_seconds", "amount": 0, "window": "day", "mode": "hard"}

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url, {"limit": [limit]}) as through:
            named = {"Authorization": f"Token {through.key()}"}
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await _socket(through, f"/deepgram{LISTEN}", headers=named)
            assert refused.value.status in (402, 429)
            assert deepgram.paths == [] and await through.events() == []

    run(test)


def test_a_model_that_the_key_may_not_use_ends_a_live_session() -> None:
    """The first message names the model. It is not sent on."""

    async def test() -> None:
        async with provider() as gemini, gate(gemini.url) as through:
            key = through.key(models=("gemini-2.5-*",))
            async with _socket(through, f"/gemini{LIVE}?key={key}") as socket:
                await socket.send_json({"setup": {"model": "models/gemini-9-ultra"}})
                *_, code, reason = await _end(socket)
            assert code == 1008 and "gemini-9-ultra" in reason
            await gemini.ended.wait()

    run(test)


def test_a_client_that_is_lost_ends_the_session_at_the_provider() -> None:
    """The client's connection is cut off. The provider's socket closes, and the sound counts."""

    async def test() -> None:
        async with provider() as deepgram, gate(deepgram.url) as through:
            named = {"Authorization": f"Token {through.key()}"}
            async with aiohttp.ClientSession() as leaving:
                url = through.url.replace("http", "ws") + LISTEN
                socket = await leaving.ws_connect(url, headers=named)
                await socket.send_bytes(SECOND)
                while not deepgram.milliseconds:
                    await asyncio.sleep(0)
                connection = socket._response.connection
                assert connection is not None and connection.transport is not None
                connection.transport.abort()
                await deepgram.ended.wait()
            await through.logged()
            assert await through.total() == {"audio_milliseconds": 1_000, "requests": 1}

    run(test)


def test_a_key_that_is_revoked_ends_its_sessions() -> None:
    from quotakeeper.domain.keys.virtual_key import KeyState
    from quotakeeper.gateway.gateway_settings import GatewaySettings

    async def test() -> None:
        quick = GatewaySettings(key_seconds=0.01)
        async with provider() as deepgram, gate(deepgram.url, settings=quick) as through:
            named = {"Authorization": f"Token {through.key()}"}
            async with _socket(through, LISTEN, headers=named) as socket:
                await socket.send_bytes(SECOND)
                through.change("an", state=KeyState.REVOKED, expires_at=NOW)
                *_, code, reason = await _end(socket)
            assert code == 1008 and "not valid" in reason
            await deepgram.ended.wait()

    run(test)
