"""Driver of openai: chat, streams, async calls, responses, embeddings."""

from __future__ import annotations

import sys

from openai import AsyncOpenAI, OpenAI
from stage import KEY, TEXT, awaited, play

MODEL = "gpt-4o-mini"
SAID = {"model": MODEL, "messages": [{"role": "user", "content": TEXT}], "max_tokens": 200}
STREAMED = {**SAID, "stream": True, "stream_options": {"include_usage": True}}


def _client(address: str, **more: object) -> OpenAI:
    return OpenAI(api_key=KEY, base_url=f"{address}/v1", **{"max_retries": 0, **more})


def chat(address: str) -> None:
    _client(address).chat.completions.create(**SAID)


def stream(address: str) -> None:
    list(_client(address).chat.completions.create(**STREAMED))


def responses(address: str) -> None:
    _client(address).responses.create(model=MODEL, input=TEXT, max_output_tokens=200)


def embeddings(address: str) -> None:
    _client(address).embeddings.create(model="text-embedding-3-small", input=[TEXT, TEXT])


def retry(address: str) -> None:
    _client(address, max_retries=2).chat.completions.create(**SAID)


def late(address: str) -> None:
    """The first attempt times out; the second gets the answer."""
    _client(address, timeout=0.3, max_retries=1).chat.completions.create(**SAID)


def timeout(address: str) -> None:
    _client(address, timeout=0.3).chat.completions.create(**SAID)


async def async_chat(address: str) -> None:
    async with AsyncOpenAI(api_key=KEY, base_url=f"{address}/v1", max_retries=0) as client:
        await client.chat.completions.create(**SAID)


async def async_stream(address: str) -> None:
    async with AsyncOpenAI(api_key=KEY, base_url=f"{address}/v1", max_retries=0) as client:
        async for _ in await client.chat.completions.create(**STREAMED):
            pass


FEATURES = {
    "chat": chat,
    "stream": stream,
    "async-chat": awaited(async_chat),
    "async-stream": awaited(async_stream),
    "responses": responses,
    "embeddings": embeddings,
    "retry": retry,
    "late": late,
    "timeout": timeout,
}

if __name__ == "__main__":
    sys.exit(play(FEATURES))
