"""Reads an answer on after its client has gone, for the true usage, if the key wants this."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.http_server.seam import ClientGoneError, Exchange, SocketEnd


class LeftExchange:
    """An exchange whose answer goes nowhere after its client has gone. Implements `Exchange`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.is_left = False

    @property
    def head(self) -> RequestHead:
        """The checked head of the request."""
        return self._exchange.head

    @property
    def remote(self) -> str:
        """The address of the client, without its port."""
        return self._exchange.remote

    @property
    def status(self) -> int:
        """The status of the answer; 0 before the answer begins."""
        return self._exchange.status

    @property
    def bytes_sent(self) -> int:
        """The bytes of the answer's body that were sent so far."""
        return self._exchange.bytes_sent

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed its connection."""
        return self.is_left or self._exchange.is_gone

    async def go_on(self) -> None:
        """Ask for the body, if the client waits for `100 Continue`."""
        await self._exchange.go_on()

    async def read_body(self, most: int, hold: Callable[[int], None]) -> bytes:
        """Return the whole body. Raises BodyTooLargeError, ClientGoneError."""
        return await self._exchange.read_body(most, hold)

    def body(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they arrive. Raises ClientGoneError."""
        return self._exchange.body()

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer, if the client is still there."""
        await self._sent(self._exchange.reply, status, headers, body)

    async def begin(self, status: int, headers: Headers, length: int | None) -> None:
        """Begin an answer, if the client is still there."""
        await self._sent(self._exchange.begin, status, headers, length)

    async def write(self, data: bytes) -> None:
        """Send a part of the answer, if the client is still there."""
        await self._sent(self._exchange.write, data)

    async def finish(self) -> None:
        """End the answer, if the client is still there."""
        await self._sent(self._exchange.finish)

    def abort(self) -> None:
        """Close the connection at once."""
        self._exchange.abort()

    async def open_socket(self, protocols: Sequence[str], headers: Headers) -> SocketEnd:
        """Accept the handshake of a WebSocket."""
        return await self._exchange.open_socket(protocols, headers)

    async def _sent(self, act: Callable[..., Coroutine[Any, Any, None]], *values: Any) -> None:
        if self.is_gone:
            return
        try:
            await act(*values)
        except ClientGoneError:
            self.is_left = True


async def read_on(
    exchange: LeftExchange, relaying: Coroutine[Any, Any, None], seconds: float
) -> None:
    """Run `relaying`. If its client goes, let it go on for `seconds` at most.

    The caller is cancelled when the client goes. Another cancellation is passed on to `relaying`.
    Raises what `relaying` raises, and ClientGoneError if the client has gone.
    """
    task = asyncio.ensure_future(relaying)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not exchange.is_gone:
            task.cancel()
            await task  # raises, unless the end was already told to the client
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
            return
        exchange.is_left = True
        asyncio.current_task().uncancel()  # type: ignore[union-attr]
        try:
            await asyncio.wait((task,), timeout=seconds)
        finally:
            task.cancel()
            await asyncio.wait((task,))
        if not task.cancelled():
            task.result()  # raises what went wrong at the provider
    if exchange.is_left:
        raise ClientGoneError("the client has gone")
