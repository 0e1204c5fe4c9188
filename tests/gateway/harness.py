"""A gateway for tests, with a ledger, keys in memory, and an access log that is kept."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from quotakeeper import Keeper, UsageEvent
from quotakeeper.app.virtual_keys.presenting import KeyPresenter
from quotakeeper.clocks import Clock
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.aiohttp_upstream import AiohttpUpstream
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.service import Gateway
from quotakeeper.gateway.upstreams import make_upstreams
from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.value_classes import replace
from tests.keys.fake_keys import NOW, DictKeys, secret_of, text_of

SECONDS = 12.0  # a hang fails the test after this time
UPSTREAM_KEY = "AIza-the-operators-own-key-0123456789"
NO_LIMITS: dict[str, object] = {"default_limits": False, "timezone": "UTC"}
GEMINI = "/gemini/v1beta/models/gemini-2.5-flash"
GENERATE, STREAM = f"{GEMINI}:generateContent", f"{GEMINI}:streamGenerateContent?alt=sse"


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous test, and fail if it hangs."""
    asyncio.run(asyncio.wait_for(test(), SECONDS))


def prompt(text: str = "a b c", most: int = 50) -> dict[str, Any]:
    """A request to Gemini."""
    return {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": {"maxOutputTokens": most, "thinkingConfig": {"thinkingBudget": 0}},
    }


def chat(text: str = "a b c", most: int = 50, **more: Any) -> dict[str, Any]:
    """A request to OpenAI or Anthropic."""
    return {
        "model": "gpt-4o-mini",
        "max_tokens": most,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def sound(seconds: float = 2.5) -> bytes:
    """A WAV file of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(int(16_000 * seconds)))
    return made.getvalue()


@dataclass
class Gate:
    """A running gateway, and what a test looks at."""

    url: str
    keeper: Keeper
    store: DictKeys
    client: aiohttp.ClientSession
    gateway: Gateway
    log: list[str]
    serving: GuardedServer

    def key(self, name: str = "an", number: int = 1, **more: Any) -> str:
        """Make a key and return its secret. `number` makes another secret."""
        made = VirtualKey(id=name, name=name, secrets=(secret_of(number),), **more)
        self.store.stored[name] = made
        return text_of(number)

    def change(self, name: str, **more: Any) -> None:
        """Change a key at once."""
        self.store.stored[name] = replace(self.store.stored[name], **more)
        self.gateway._keys.forget()  # type: ignore[attr-defined]

    async def post(
        self, path: str, body: Any, key: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, bytes]:
        """Send a request. Returns status, headers and body."""
        named = {"x-goog-api-key": key, **(headers or {})}
        sent = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        async with self.client.post(f"{self.url}{path}", headers=named, **sent) as got:
            return got.status, got.headers, await got.read()

    async def logged(self) -> dict[str, Any]:
        """Wait for the first line of the access log, and return it."""
        while not self.log:
            await asyncio.sleep(0)
        line: dict[str, Any] = json.loads(self.log[0])
        return line

    async def events(self) -> list[UsageEvent]:
        """The calls in the ledger, when every finished one is there."""
        await self.gateway._meter.caught_up()
        return list(self.keeper.events())

    async def total(self) -> dict[str, int]:
        """The sum of the ledger."""
        summed: dict[str, int] = {}
        for event in await self.events():
            for name, amount in event.quantities.items():
                summed[name] = summed.get(name, 0) + amount
        return summed


@asynccontextmanager
async def gate(
    upstream: str | Mapping[str, str], config: Mapping[str, object] = NO_LIMITS, *,
    ledger: Any = "memory:", settings: GatewaySettings | None = None,
    server: HttpServerSettings | None = None, clock: Clock | None = None,
) -> AsyncIterator[Gate]:  # fmt: skip
    """Run a gateway. `upstream` is the address of every provider, or provider -> address."""
    if isinstance(upstream, str):
        upstream = dict.fromkeys(("gemini", "deepgram", "openai", "anthropic"), upstream)
    upstreams = make_upstreams(dict.fromkeys(upstream, UPSTREAM_KEY), upstream)
    store = DictKeys()
    log: list[str] = []
    with Keeper(ledger, {**NO_LIMITS, **config}) as keeper:
        meter = CallMeter(keeper)
        chosen = settings or GatewaySettings()
        keys = KeyPresenter(store, lambda: NOW, lambda: 0.0)
        lines = AccessLog(log.append)
        gateway = Gateway(
            meter, AiohttpUpstream(chosen), upstreams, keys, settings=chosen, log=lines, clock=clock
        )
        serving = GuardedServer(gateway, server or HttpServerSettings(), lines.refused)
        listener = await serving.start("127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        try:
            async with aiohttp.ClientSession(auto_decompress=False) as client:
                yield Gate(f"http://127.0.0.1:{port}", keeper, store, client, gateway, log, serving)
        finally:
            listener.close()
            await serving.shutdown(1.0)
            await gateway.stop()
        assert keeper.verify() == []
        assert keeper.reservations() == []
