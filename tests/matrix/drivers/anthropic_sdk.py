"""Driver of anthropic: messages, streams, async calls."""

from __future__ import annotations

import sys

from anthropic import Anthropic, AsyncAnthropic
from stage import KEY, TEXT, awaited, play

SAID = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": TEXT}],
}


def _client(address: str, **more: object) -> Anthropic:
    return Anthropic(api_key=KEY, base_url=address, **{"max_retries": 0, **more})


def messages(address: str) -> None:
    _client(address).messages.create(**SAID)


def stream(address: str) -> None:
    with _client(address).messages.stream(**SAID) as events:
        for _ in events:
            pass


def retry(address: str) -> None:
    _client(address, max_retries=2).messages.create(**SAID)


def late(address: str) -> None:
    """The first attempt times out; the second gets the answer."""
    _client(address, timeout=0.3, max_retries=1).messages.create(**SAID)


def timeout(address: str) -> None:
    _client(address, timeout=0.3).messages.create(**SAID)


async def async_messages(address: str) -> None:
    async with AsyncAnthropic(api_key=KEY, base_url=address, max_retries=0) as client:
        await client.messages.create(**SAID)


async def async_stream(address: str) -> None:
    async with AsyncAnthropic(api_key=KEY, base_url=address, max_retries=0) as client:
        events = await client.messages.create(stream=True, **SAID)
        async for _ in events:
            pass


FEATURES = {
    "messages": messages,
    "stream": stream,
    "async-messages": awaited(async_messages),
    "async-stream": awaited(async_stream),
    "retry": retry,
    "late": late,
    "timeout": timeout,
}

if __name__ == "__main__":
    sys.exit(play(FEATURES))
