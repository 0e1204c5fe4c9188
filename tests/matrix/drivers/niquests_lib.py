"""Driver of niquests, and of requests in the same program: both use urllib3-future."""

from __future__ import annotations

import sys

import niquests
import requests
from stage import KEY, TEXT, awaited, play

HEADERS = {"content-type": "application/json", "x-goog-api-key": KEY}
SAID = {"contents": [{"parts": [{"text": TEXT}]}], "generationConfig": {"maxOutputTokens": 200}}
MODEL = "/v1beta/models/gemini-2.5-flash"
SHORT = 0.3


def _once(address: str) -> str:
    return f"{address}{MODEL}:generateContent"


def _stream(address: str) -> str:
    return f"{address}{MODEL}:streamGenerateContent?alt=sse"


def _sync(library: object) -> object:
    def call(url: str, timeout: float = 20) -> None:
        with library.post(url, json=SAID, headers=HEADERS, timeout=timeout, stream=True) as got:
            got.raise_for_status()
            list(got.iter_lines())

    return call


async def _async(url: str, timeout: float = 20) -> None:
    async with niquests.AsyncSession() as session:
        got = await session.post(url, json=SAID, headers=HEADERS, timeout=timeout, stream=True)
        got.raise_for_status()
        async for _ in got.iter_lines():
            pass
        await got.close()


def _multiplexed(address: str) -> None:
    with niquests.Session(multiplexed=True) as session:
        answers = [session.post(_once(address), json=SAID, headers=HEADERS) for _ in range(2)]
        session.gather()
        for got in answers:
            got.raise_for_status()


FEATURES = {"niquests-multiplexed": _multiplexed}
for _name, _call in {
    "niquests": _sync(niquests), "requests-beside": _sync(requests), "niquests-async": _async,
}.items():  # fmt: skip
    _played = awaited if _name == "niquests-async" else lambda call: call
    FEATURES[f"{_name}-generate"] = _played(lambda at, call=_call: call(_once(at)))
    FEATURES[f"{_name}-stream"] = _played(lambda at, call=_call: call(_stream(at)))
    FEATURES[f"{_name}-timeout"] = _played(lambda at, call=_call: call(_once(at), SHORT))

if __name__ == "__main__":
    sys.exit(play(FEATURES))
