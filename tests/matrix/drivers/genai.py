"""Driver of google-genai: generate, streams, async calls, chat with function calling, embeddings, Live."""

from __future__ import annotations

import sys

from google import genai
from google.genai import _api_client, types
from google.genai import live as genai_live
from stage import KEY, TEXT, awaited, play

MODEL = "gemini-2.5-flash"
_connect = genai_live.ws_connect
CONFIG = types.GenerateContentConfig(max_output_tokens=200)


def _client(address: str, **more: object) -> genai.Client:
    options = types.HttpOptions(base_url=address, **more)
    return genai.Client(api_key=KEY, http_options=options)


def generate(address: str) -> None:
    client = _client(address)  # without a reference, the client closes itself during a call
    client.models.generate_content(model=MODEL, contents=TEXT, config=CONFIG)


def retry(address: str) -> None:
    again = types.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02, jitter=0.0)
    client = _client(address, retry_options=again)
    client.models.generate_content(model=MODEL, contents=TEXT, config=CONFIG)


def timeout(address: str) -> None:
    client = _client(address, timeout=300)
    client.models.generate_content(model=MODEL, contents=TEXT, config=CONFIG)


def stream(address: str) -> None:
    client = _client(address)
    list(client.models.generate_content_stream(model=MODEL, contents=TEXT, config=CONFIG))


def embed(address: str) -> None:
    client = _client(address)
    client.models.embed_content(model="gemini-embedding-001", contents=[TEXT, TEXT * 2])


def count(address: str) -> None:
    client = _client(address)
    client.models.count_tokens(model=MODEL, contents=TEXT)


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"{city}: 31 độ, nắng"


def chat(address: str) -> None:
    config = types.GenerateContentConfig(tools=[weather], max_output_tokens=200)
    client = _client(address)
    session = client.chats.create(model=MODEL, config=config)
    session.send_message("Thời tiết thế nào?")
    session.send_message("Còn ngày mai?")


async def async_generate(address: str) -> None:
    client = _client(address)
    await client.aio.models.generate_content(model=MODEL, contents=TEXT, config=CONFIG)
    await client.aio.aclose()


async def async_stream(address: str) -> None:
    client = _client(address)
    asked = client.aio.models.generate_content_stream(model=MODEL, contents=TEXT, config=CONFIG)
    async for _ in await asked:
        pass
    await client.aio.aclose()


async def live(address: str) -> None:
    # The SDK requires wss, but the loopback server has ws. Nothing else of the SDK is changed.
    plain = address.replace("http://", "ws://")
    _api_client.BaseApiClient._websocket_base_url = lambda *_, **__: plain
    genai_live.ws_connect = lambda uri, ssl=None, **more: _connect(uri, **more)
    client = _client(address)
    model = "gemini-3.1-flash-live-preview"
    config = {"response_modalities": ["TEXT"]}
    async with client.aio.live.connect(model=model, config=config) as session:
        for _ in range(2):
            turn = types.Content(role="user", parts=[types.Part(text=TEXT)])
            await session.send_client_content(turns=turn)
            async for _message in session.receive():
                pass


FEATURES = {
    "generate": generate,
    "stream": stream,
    "async-generate": awaited(async_generate),
    "async-stream": awaited(async_stream),
    "chat-tools": chat,
    "embed": embed,
    "count-tokens": count,
    "retry": retry,
    "timeout": timeout,
    "live": awaited(live),
}

if __name__ == "__main__":
    sys.exit(play(FEATURES))
