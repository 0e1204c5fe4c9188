"""Driver of HTTP libraries, each used as its own documentation shows."""

from __future__ import annotations

import json
import sys
import urllib.request

import aiohttp
import httpx
import httpx2
import requests
import urllib3
from stage import KEY, TEXT, awaited, play

HEADERS = {"content-type": "application/json", "x-goog-api-key": KEY}
SAID = {"contents": [{"parts": [{"text": TEXT}]}], "generationConfig": {"maxOutputTokens": 200}}
MODEL = "/v1beta/models/gemini-2.5-flash"
SHORT = 0.3


def _once(address: str) -> str:
    return f"{address}{MODEL}:generateContent"


def _stream(address: str) -> str:
    return f"{address}{MODEL}:streamGenerateContent?alt=sse"


def _urllib(url: str, timeout: float = 20) -> None:
    request = urllib.request.Request(url, json.dumps(SAID).encode(), HEADERS)
    with urllib.request.urlopen(request, timeout=timeout) as got:
        while got.read(50):
            pass


def _requests(url: str, timeout: float = 20) -> None:
    with requests.post(url, json=SAID, headers=HEADERS, timeout=timeout, stream=True) as got:
        got.raise_for_status()
        list(got.iter_lines())


def _requests_retried(url: str, timeout: float = 20) -> None:
    with requests.Session() as session:
        retries = urllib3.Retry(2, status_forcelist=[429, 500], allowed_methods=["POST"],
                                backoff_factor=0, respect_retry_after_header=False)  # fmt: skip
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        session.post(url, json=SAID, headers=HEADERS, timeout=timeout).raise_for_status()


def _urllib3(url: str, timeout: float = 20) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        got = pool.request("POST", url, json=SAID, headers=HEADERS, timeout=timeout)
        if got.status >= 400:
            raise OSError(f"status {got.status}")


def _httpx(url: str, timeout: float = 20, library: object = httpx) -> None:
    with (
        library.Client(timeout=timeout, trust_env=False) as client,
        client.stream("POST", url, json=SAID, headers=HEADERS) as got,
    ):
        got.raise_for_status()
        list(got.iter_lines())


async def _async_httpx(url: str, timeout: float = 20, library: object = httpx) -> None:
    async with (
        library.AsyncClient(timeout=timeout, trust_env=False) as client,
        client.stream("POST", url, json=SAID, headers=HEADERS) as got,
    ):
        got.raise_for_status()
        async for _ in got.aiter_lines():
            pass


async def _aiohttp(url: str, timeout: float = 20) -> None:
    limit = aiohttp.ClientTimeout(total=timeout)
    async with (
        aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session,
        session.post(url, json=SAID, headers=HEADERS) as got,
    ):
        async for _ in got.content:
            pass


SYNC = {
    "urllib": _urllib,
    "requests": _requests,
    "urllib3": _urllib3,
    "httpx": _httpx,
    "httpx2": lambda url, timeout=20: _httpx(url, timeout, httpx2),
}
ASYNC = {
    "httpx-async": _async_httpx,
    "httpx2-async": lambda url, timeout=20: _async_httpx(url, timeout, httpx2),
    "aiohttp": _aiohttp,
}
FEATURES = {
    "requests-retry": lambda address: _requests_retried(_once(address)),
    "requests-late": lambda address: _requests_retried(_once(address), SHORT),
}
for _name, _call in SYNC.items():
    FEATURES[f"{_name}-generate"] = lambda at, call=_call: call(_once(at))
    FEATURES[f"{_name}-stream"] = lambda at, call=_call: call(_stream(at))
    FEATURES[f"{_name}-timeout"] = lambda at, call=_call: call(_once(at), SHORT)
for _name, _call in ASYNC.items():
    FEATURES[f"{_name}-generate"] = awaited(lambda at, call=_call: call(_once(at)))
    FEATURES[f"{_name}-stream"] = awaited(lambda at, call=_call: call(_stream(at)))
    FEATURES[f"{_name}-timeout"] = awaited(lambda at, call=_call: call(_once(at), SHORT))

if __name__ == "__main__":
    sys.exit(play(FEATURES))
