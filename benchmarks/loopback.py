"""A server in another process that answers like Gemini, with the same few bytes each time.

An answer takes the server tens of microseconds, so the measured time is the client's. The path `/count`
returns how many calls the server has answered.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measuring import PYTHON, ROOT, child_environment

MODEL = "gemini-2.5-flash"
CHUNKS = 10
THINKING_SECONDS = 0.02  # before a stream's first byte; the fastest real models need 0.2 s
_BETWEEN_SECONDS = 0.002
_SLOW_SECONDS = 0.4  # between two parts of a stream that is asked for with `slow=1`
_END = b"\r\n\r\n"


def _document(text: str, output: int, *, last: bool) -> bytes:
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if last:
        candidate["finishReason"] = "STOP"
    usage = {
        "promptTokenCount": 300,
        "candidatesTokenCount": output,
        "totalTokenCount": 300 + output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 300}],
    }
    return json.dumps(
        {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}
    ).encode()


def _whole(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def answer_body() -> bytes:
    """The body of each answer that is not a stream."""
    return _document("Xin chào các bạn. " * 40, 240, last=True)


_ANSWER = _whole(answer_body())
_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def _pieces(count: int, tokens: int) -> list[bytes]:
    """The chunks of a stream. Each has an event with the usage so far, and adds `tokens`."""
    return [
        _chunk(
            b"data: "
            + _document("Xin chào các bạn. ", tokens * (n + 1), last=n == count - 1)
            + _END
        )
        for n in range(count)
    ]


_PIECES = {b"stream": _pieces(CHUNKS, 24), b"hundred": _pieces(100, 7)}


class _Connection(asyncio.Protocol):
    answered = 0

    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, rest = self._got.partition(_END)
        if not end or len(rest) < _length(head):
            return
        self._got = b""
        if head.startswith(b"GET /count"):
            self._transport.write(_whole(str(_Connection.answered).encode()))
            return
        _Connection.answered += 1
        if b":streamGenerateContent" not in head:
            self._transport.write(_ANSWER)
            return
        asked = head.partition(b"\r\n")[0]
        pieces = _PIECES[b"hundred" if b"hundred" in asked else b"stream"]
        thinks = 0 if b"at-once" in asked else THINKING_SECONDS
        between = _SLOW_SECONDS if b"slow=1" in asked else _BETWEEN_SECONDS
        loop = asyncio.get_running_loop()
        first = _STREAM + pieces[0]
        if thinks:
            loop.call_later(thinks, self._transport.write, first)
        else:
            self._transport.write(first)
        for number, piece in enumerate(pieces[1:], 1):
            last = b"0\r\n\r\n" if number == len(pieces) - 1 else b""
            after = thinks + number * between
            loop.call_later(after, self._transport.write, piece + last)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Loopback:
    """The addresses of the server."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        models = f"{self.base}/v1beta/models/{MODEL}"
        self.generate = f"{models}:generateContent"
        self.stream = f"{models}:streamGenerateContent?alt=sse"
        self.stream_at_once = f"{self.stream}&at-once=1"
        self.stream_of_100 = f"{self.stream_at_once}&hundred=1"

    def answered(self) -> int:
        """How many calls the server has answered."""
        with urllib.request.urlopen(f"{self.base}/count", timeout=10) as got:
            return int(got.read())


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Run the server until the block ends."""
    with subprocess.Popen(
        [PYTHON, "-m", "benchmarks.loopback"], cwd=ROOT, env=child_environment(),
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield Loopback(int(process.stdout.readline()))
        finally:
            process.terminate()


if __name__ == "__main__":
    try:
        asyncio.run(_serve())
    except KeyboardInterrupt:
        sys.exit(130)
