"""An admin API for tests, on a ledger with keys, limits and a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from quotakeeper import Keeper
from quotakeeper.app.metrics.reading import MetricsReader
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.gateway.admin.listening import AdminListening, start_admin
from quotakeeper.gateway.admin.metrics_page import MetricsPage
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.gateway.admin.tokens import tokens_of
from quotakeeper.key_wiring import open_keys
from quotakeeper.telemetry.counter_file import CounterFile

SECONDS = 60.0
TOKEN, READER = "canary-of-the-admin-token-0123456789", "canary-of-the-reader-token-0123456789"
CONFIG: dict[str, object] = {
    "default_limits": False, "timezone": "UTC",
    "limit": [
        {"name": "all", "meter": "requests", "window": "none", "amount": 100},
        {"name": "each", "meter": "cost", "window": "month", "amount": "2.50", "per": "key"},
    ],
}  # fmt: skip


class NoConfig:
    """A config that never changes."""

    def state(self) -> dict[str, object]:
        at = "2026-11-23T12:00:00Z"
        return {"file": None, "loaded_at": at, "tried_at": at, "problem": ""}


@dataclass
class Got:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def key(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["key"]
        return found


@dataclass
class Admin:
    """A running admin API."""

    url: str
    keeper: Keeper
    store: KeyStore
    client: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN,
        version: object = None, headers: Mapping[str, str] | None = None, data: bytes | None = None,
    ) -> Got:  # fmt: skip
        """Send a request. `version` is that of If-Match."""
        named = dict(headers or {})
        if token:
            named.setdefault("Authorization", f"Bearer {token}")
        if version is not None:
            named["If-Match"] = f'"{version}"'
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            named.setdefault("Content-Type", "application/json")
        async with self.client.request(
            method, f"{self.url}{path}", data=data, headers=named
        ) as got:
            return Got(got.status, got.headers, await got.read())

    async def made(self, name: str = "an", **more: Any) -> Got:
        """Create a key."""
        got = await self.ask("POST", "/keys", {"name": name, **more})
        assert got.status == 201, got.raw
        return got


@asynccontextmanager
async def admin(folder: Path, ledger: str = "", config: Any = CONFIG) -> AsyncIterator[Admin]:
    """Run an admin API on a new ledger."""
    with Keeper(ledger or folder / "ledger.db", config) as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=7, scope={"key": "an"})
        store = open_keys(keeper.settings)
        try:
            reader = MetricsReader(
                keeper, CounterFile(folder / "counters.json"), follows=True, keys=store.all_keys
            )
            page = MetricsPage(reader, tuple)
            listening = AdminListening("127.0.0.1", 0, tokens_of(TOKEN, READER), store)
            server = await start_admin(
                listening, AdminParts(keeper, store, NoConfig(), lambda: None, page)
            )
            try:
                async with aiohttp.ClientSession() as client:
                    yield Admin(server.url, keeper, store, client)
            finally:
                await server.stop()
        finally:
            store.close()
        assert keeper.verify() == []


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous test, and fail if it hangs."""
    asyncio.run(asyncio.wait_for(test(), SECONDS))
