"""One function for each hooked library, and a sandbox whose calls a meter watches."""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import quotakeeper
from quotakeeper import Keeper, UsageEvent
from quotakeeper.intercept import import_hook
from quotakeeper.intercept.watch import Watching
from quotakeeper.sandbox.server import Sandbox
from tests.noon import zone_at_noon

TLS = ssl.create_default_context()  # made once, because it takes longer than a call
SECRET = "AIzaSy-a-key-that-nobody-may-keep-1234567"
PROMPT = "Bí mật của riêng tôi: hãy dịch câu này. "
MODEL = "gemini-2.5-flash"
HEADERS = {"content-type": "application/json", "x-goog-api-key": SECRET}


@dataclass
class Answer:
    """The answer that a program gets."""

    status: int
    body: bytes
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def prompt(times: int = 10, **config: Any) -> bytes:
    """A request to Gemini."""
    said = {"contents": [{"role": "user", "parts": [{"text": PROMPT * times}]}]}
    return json.dumps({**said, "generationConfig": {"maxOutputTokens": 200, **config}}).encode()


def generate(base: str, model: str = MODEL) -> str:
    return f"{base}/v1beta/models/{model}:generateContent"


def stream(base: str, model: str = MODEL) -> str:
    return f"{base}/v1beta/models/{model}:streamGenerateContent?alt=sse"


Post = Callable[..., Answer]


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def by_urllib(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as got:
            return Answer(got.status, got.read(), got.reason, _lower(got.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), error.reason, _lower(error.headers))


def by_http_client(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("POST", url.partition(parts.netloc)[2], body, dict(headers))
        got = connection.getresponse()
        return Answer(got.status, b"".join(iter(lambda: got.read1(7), b"")), got.reason)
    finally:
        connection.close()


def by_urllib3(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
    import urllib3

    with urllib3.PoolManager(retries=False, timeout=timeout) as pool:
        got = pool.request("POST", url, body=body, headers=dict(headers), preload_content=False)
        return Answer(got.status, b"".join(got.stream(64)), got.reason or "", _lower(got.headers))


def by_requests(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
    import requests

    with requests.Session() as session:
        got = session.post(url, data=body, headers=dict(headers), timeout=timeout)
        return Answer(got.status_code, got.content, got.reason, _lower(got.headers))


def _by_httpx(module: str) -> Post:
    def post(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
        library = __import__(module)
        with library.Client(timeout=timeout, trust_env=False, verify=TLS) as client:
            got = client.post(url, content=body, headers=dict(headers))
            return Answer(got.status_code, got.content, got.reason_phrase, _lower(got.headers))

    return post


def _by_async_httpx(module: str) -> Post:
    def post(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
        library = __import__(module)

        async def go() -> Answer:
            async with library.AsyncClient(timeout=timeout, trust_env=False, verify=TLS) as client:
                got = await client.post(url, content=body, headers=dict(headers))
                return Answer(got.status_code, got.content, got.reason_phrase, _lower(got.headers))

        return asyncio.run(go())

    return post


def by_aiohttp(url: str, body: Any, headers: Mapping[str, str], timeout: float = 20) -> Answer:
    import aiohttp

    async def go() -> Answer:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(url, data=body, headers=dict(headers)) as got,
        ):
            return Answer(got.status, await got.read(), got.reason or "", _lower(got.headers))

    return asyncio.run(go())


WAYS: dict[str, Post] = {
    "urllib": by_urllib,
    "http.client": by_http_client,
    "urllib3": by_urllib3,
    "requests": by_requests,
    "httpx": _by_httpx("httpx"),
    "httpx async": _by_async_httpx("httpx"),
    "httpx2": _by_httpx("httpx2"),
    "httpx2 async": _by_async_httpx("httpx2"),
    "aiohttp": by_aiohttp,
}


@pytest.fixture(params=list(WAYS))
def post(request: pytest.FixtureRequest) -> Post:
    """Runs the test once for each library; gives the function that makes a POST with it."""
    return WAYS[request.param]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


class Watched:
    """A meter with its own ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watching: list[Watching] = []

    def __call__(self, *limits: Mapping[str, Any], **options: Any) -> Keeper:
        """Start to watch, with these limits."""
        settings = options.pop("settings", {})
        keeper = Keeper(
            self.folder / f"ledger{len(self.watching)}.db",
            {
                "limit": list(limits),
                "default_limits": False,
                "timezone": zone_at_noon(),
                **settings,
            },
            durability="process",
            clock=options.pop("clock", None),
        )
        self.watching.append(quotakeeper.watch(keeper, **options))
        return keeper

    def events(self) -> list[UsageEvent]:
        """The events in the ledger, once all ended calls are booked."""
        assert self.watching[-1].flush(20)
        return list(self.watching[-1].keeper.events())

    def close(self) -> None:
        for watching in reversed(self.watching):
            watching.close()
            watching.keeper.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    try:
        yield watched
    finally:
        watched.close()
        import_hook.uninstall()
        gc.collect()


Rows = list[tuple[tuple[str, int], ...]]


def billed(sandbox: Sandbox) -> Rows:
    """The quantities on the sandbox's bill, call by call."""
    return sorted(tuple(sorted(charge.quantities.items())) for charge in sandbox.bill.charges)


def booked(events: list[UsageEvent]) -> Rows:
    """The quantities in the ledger, call by call."""
    return sorted(tuple(sorted(event.quantities.items())) for event in events)
