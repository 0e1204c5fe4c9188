"""A guarded server for tests, on a loop of the test, and raw connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.seam import Exchange, Handler, Refused
from quotakeeper.http_server.server_settings import HttpServerSettings

SECONDS = 20.0  # a hang fails the test after this time


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous test, and fail if it hangs."""
    asyncio.run(asyncio.wait_for(test(), SECONDS))


@asynccontextmanager
async def serving(
    answer: Handler, settings: HttpServerSettings | None = None, refused: Refused | None = None
) -> AsyncIterator[int]:
    """Serve on a free port of loopback. Yields the port."""
    server = GuardedServer(answer, settings or HttpServerSettings(), refused)
    listener = await server.start("127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await server.shutdown(0.2)
        await listener.wait_closed()


class Seen:
    """A handler that reads each request to its end, keeps it, and answers 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, bytes]] = []

    async def __call__(self, exchange: Exchange) -> None:
        body = await exchange.read_body(10_000_000, lambda _: None)
        self.requests.append((exchange.head.method, exchange.head.target, body))
        await exchange.reply(200, (("Content-Type", "text/plain"),), b"ok")


async def answer_to(port: int, data: bytes) -> bytes:
    """Send bytes and close the sending side late. Returns all that the server sends until it closes
    or has answered once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        with suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
            while b"\r\n\r\n" not in got or got.startswith(b"HTTP/1.1 100"):
                part = await reader.read(65_536)
                if not part:
                    break
                got += part
                if got.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
                    got = got[25:]
    finally:
        writer.close()
        with suppress(Exception):
            await writer.wait_closed()
    return got


def status_of(answer: bytes) -> int:
    """The status of an answer; 0 if the connection was closed without one."""
    parts: Any = answer.split(b" ", 2)
    return int(parts[1]) if answer.startswith(b"HTTP/1.1 ") else 0
