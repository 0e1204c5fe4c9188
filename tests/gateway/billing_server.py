"""A provider with a bill of its own, on plain sockets. It shares no code with quotakeeper.

It speaks as much HTTP as the tests need, counts words as tokens, and bills what it has sent. A test
controls it with events, and it tells when a client's connection has ended.
"""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Got:
    """A request that arrived: exactly as it was sent."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name]


@dataclass
class Billed:
    """One line of the bill."""

    path: str
    quantities: dict[str, int]


@dataclass
class BillingServer:
    """The provider. `script` changes how it answers; see the tests."""

    requests: list[Got] = field(default_factory=list)
    bill: list[Billed] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)  # an answer has begun
    left: asyncio.Event = field(default_factory=asyncio.Event)  # a client closed its connection
    go_on: asyncio.Event = field(default_factory=asyncio.Event)  # a stream waits for this
    at_once: bool = False  # a stream is sent in one piece
    pauses_after: int | None = None  # a stream waits after this many events
    events: int = 4
    tokens_an_event: int = 5
    drops: str = ""  # "before": no answer; "amid": half an answer
    uploaded: bytes = b""
    upload_host: str = ""  # where an upload goes on; "": here
    on_request: Callable[[Got], Awaitable[None]] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def total(self) -> dict[str, int]:
        """The sum of the bill."""
        summed: dict[str, int] = {}
        for line in self.bill:
            for name, amount in line.quantities.items():
                summed[name] = summed.get(name, 0) + amount
        return summed


@asynccontextmanager
async def billing_server(**script: Any) -> AsyncIterator[BillingServer]:
    """Serve on a free port of loopback."""
    provider = BillingServer(**script)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (got := await _request(reader)) is not None:
                provider.requests.append(got)
                if provider.on_request is not None:
                    await provider.on_request(got)
                if provider.drops == "before":
                    break
                await _answer(provider, got, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:  # also if the test ends first
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    provider.port = listener.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        listener.close()


async def _request(reader: asyncio.StreamReader) -> Got | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    named = {name.lower(): value for name, value in headers}
    body = b""
    if "content-length" in named:
        body = await reader.readexactly(int(named["content-length"]))
    elif named.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return Got(method, target, headers, body)


async def _answer(
    provider: BillingServer, got: Got, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    path = got.target.partition("?")[0]
    is_stream = path.endswith(":streamGenerateContent") or b'"stream": true' in got.body
    if is_stream and got.method == "POST":
        await _stream(provider, path, got, reader, writer)
        return
    if path.startswith("/upload/"):
        await _upload(provider, got, writer)
        return
    answer, quantities = _plain(provider, path, got)
    body = json.dumps(answer).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Own-Header:  a b \r\n"
        b"Set-Cookie: session=1\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    provider.bill.append(Billed(path, quantities))
    if provider.drops == "amid":
        writer.write(body[: len(body) // 2])
        await writer.drain()
        raise ConnectionResetError
    writer.write(body)
    await writer.drain()


async def _upload(provider: BillingServer, got: Got, writer: asyncio.StreamWriter) -> None:
    """Start an upload, or take its next part."""
    if got.values("x-goog-upload-command") == ["start"]:
        where = f"{provider.upload_host or provider.url}/upload/v1beta/files?upload_id=a%2Fb&x=1"
        more, body = f"X-Goog-Upload-URL: {where}\r\nX-Goog-Upload-Status: active\r\n", b""
    else:
        provider.uploaded += got.body
        is_last = "finalize" in got.values("x-goog-upload-command")[0]
        more = f"X-Goog-Upload-Status: {'final' if is_last else 'active'}\r\n"
        body = b'{"file": {"name": "files/abc", "state": "ACTIVE"}}' if is_last else b""
    kind = "Content-Type: application/json\r\n"
    writer.write(
        f"HTTP/1.1 200 OK\r\n{kind}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body
    )
    await writer.drain()


async def _stream(
    provider: BillingServer, path: str, got: Got, reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:  # fmt: skip
    """Send events that each tell the use so far; bill what was told when the stream ends."""
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    line = Billed(path, {})
    provider.bill.append(line)
    gone = asyncio.create_task(reader.read(1))
    gone.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    provider.answering.set()
    if provider.at_once:
        made = [_event(provider, path, got, number) for number in range(1, provider.events + 1)]
        whole = b"".join(event for event, _ in made)
        line.quantities = made[-1][1]
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole))
        await writer.drain()
        gone.cancel()
        return
    for number in range(1, provider.events + 1):
        event, quantities = _event(provider, path, got, number)
        writer.write(b"%x\r\n%s\r\n" % (len(event), event))
        await writer.drain()
        line.quantities = quantities
        if provider.pauses_after == number:
            waiting = asyncio.create_task(provider.go_on.wait())
            await asyncio.wait((gone, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        if gone.done():
            provider.left.set()
            raise ConnectionResetError
        await asyncio.sleep(0)
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone


def _words(body: Mapping[str, Any]) -> int:
    """The input tokens: the words of all texts."""
    found = json.dumps(body, ensure_ascii=False).split('"text": "')[1:]
    texts = [each.partition('"')[0] for each in found]
    texts += [
        each["content"] for each in body.get("messages", ()) if isinstance(each["content"], str)
    ]
    return sum(len(text.split()) for text in texts)


def _plain(provider: BillingServer, path: str, got: Got) -> tuple[object, dict[str, int]]:
    if got.method == "GET":
        return {"models": []}, {}
    if path.endswith("/v1/listen"):
        with wave.open(io.BytesIO(got.body)) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        answer = {
            "metadata": {"request_id": "r", "duration": seconds, "channels": 1, "models": ["m"]},
            "results": {"channels": [{"alternatives": [{"transcript": "a"}]}]},
        }
        return answer, {"audio_milliseconds": round(seconds * 1000), "requests": 1}
    asked, told = _words(json.loads(got.body)), provider.tokens_an_event
    used = {"input_tokens": asked, "output_tokens": told, "requests": 1}
    if path.endswith(":generateContent"):
        return _gemini(asked, told), used
    if path.endswith("/chat/completions"):
        return {
            "object": "chat.completion",
            "model": "gpt-4o-mini",
            "usage": _openai(asked, told),
        }, used
    usage = {"input_tokens": asked, "output_tokens": told}
    return {"type": "message", "model": "claude-haiku-4-5", "usage": usage}, used


def _event(
    provider: BillingServer, path: str, got: Got, number: int
) -> tuple[bytes, dict[str, int]]:
    asked, told = _words(json.loads(got.body)), provider.tokens_an_event * number
    used = {"input_tokens": asked, "output_tokens": told, "requests": 1}
    if path.endswith("/chat/completions"):
        event: dict[str, Any] = {
            "object": "chat.completion.chunk", "model": "gpt-4o-mini", "usage": _openai(asked, told),
            "choices": [{"index": 0, "delta": {"content": "a " * provider.tokens_an_event},
                         "finish_reason": "stop" if number == provider.events else None}],
        }  # fmt: skip
        ending = b"data: [DONE]\n\n" if number == provider.events else b""
        return b"data: " + json.dumps(event).encode() + b"\n\n" + ending, used
    answer = _gemini(asked, told, "a " * provider.tokens_an_event)
    if number == provider.events:
        answer["candidates"][0]["finishReason"] = "STOP"
    text = json.dumps(answer)
    return b"data: " + text.encode() + b"\r\n\r\n", used


def _gemini(asked: int, told: int, text: str = "a") -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": asked, "candidatesTokenCount": told,
                          "totalTokenCount": asked + told},
        "modelVersion": "gemini-2.5-flash",
    }  # fmt: skip


def _openai(asked: int, told: int) -> dict[str, int]:
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
