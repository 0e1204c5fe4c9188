"""One request on aiohttp, in the form of the seam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from aiohttp.web_request import BaseRequest

from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.http_server.seam import (
    BodyTooLargeError,
    ClientGoneError,
    SocketEnd,
    SocketMessage,
)
from quotakeeper.http_server.server_settings import HttpServerSettings

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
_LOST = 1006
_NEVER_SENT = (_LOST, 1015)  # codes that stand for no close frame (RFC 6455, section 7.4.1)
_MOST_CODES = 5000
_MOST_REASON = 120  # bytes
_CLOSE_SECONDS = 2.0


class Connection(Protocol):
    """The parts of a guarded connection that an exchange uses."""

    has_begun_answer: bool

    def socket_opened(self) -> None:
        """Let all further bytes pass, because a WebSocket is open."""


class AiohttpExchange:
    """One request of a client, and the answer to it. Implements `Exchange`."""

    def __init__(
        self, request: BaseRequest, head: RequestHead, settings: HttpServerSettings,
        connection: Connection,
    ) -> None:  # fmt: skip
        self.head = head
        self.remote = settings.proxies.client_of(
            request.remote or "", head.values("x-forwarded-for")
        )
        self.status = 0
        self.bytes_sent = 0
        self.response: web.StreamResponse = web.Response(status=500)
        self._request = request
        self._settings = settings
        self._connection = connection
        self._has_gone_on = not head.expects_continue

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed its connection."""
        return self._request.transport is None

    # -- the request

    async def go_on(self) -> None:
        """Ask for the body, if the client waits for `100 Continue`."""
        transport = self._request.transport
        if not self._has_gone_on and transport is not None:
            self._has_gone_on = True
            transport.write(_CONTINUE)

    async def read_body(self, most: int, hold: Callable[[int], None]) -> bytes:
        """Return the whole body. Raises BodyTooLargeError, ClientGoneError, and what `hold` raises."""
        if (self.head.length or 0) > most:
            raise BodyTooLargeError
        parts, size = [], 0
        async for part in self.body():
            size += len(part)
            if size > most:
                raise BodyTooLargeError
            hold(size)
            parts.append(part)
        return b"".join(parts)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the parts of the body as they arrive. Raises ClientGoneError."""
        await self.go_on()
        content = self._request.content
        try:
            while data := await content.readany():
                yield data
        except (ConnectionError, web.PayloadAccessError, OSError) as error:
            raise ClientGoneError("the client sent only a part of its body") from error
        except Exception as error:
            if type(error).__module__.startswith("aiohttp"):
                raise ClientGoneError("the client's body cannot be read") from error
            raise

    # -- the answer

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer. Raises ClientGoneError."""
        await self.begin(status, headers, len(body))
        if body:
            await self.write(body)
        await self.finish()

    async def begin(self, status: int, headers: Headers, length: int | None) -> None:
        """Begin an answer. `length` is that of its body in bytes; None: not known."""
        response = web.StreamResponse(status=status)
        for name, value in headers:
            response.headers.add(name, value)
        response.headers.setdefault("Server", "quotakeeper")
        if length is not None:
            response.content_length = length
        if not self._has_gone_on or self.head.is_websocket:
            # The client may not send its body, or may take what follows for messages.
            response.force_close()
        self.status = status
        self.response = response
        self._connection.has_begun_answer = True
        await self._guarded(response.prepare(self._request))

    async def write(self, data: bytes) -> None:
        """Send a part of the answer. Waits while the client reads too slowly.

        The answer to HEAD has no body: its client would take one for the next answer.
        """
        if self.head.method == "HEAD":
            return
        self.bytes_sent += len(data)
        await self._guarded(self.response.write(data))

    async def finish(self) -> None:
        """End the answer."""
        await self._guarded(self.response.write_eof())

    async def fail(self) -> None:
        """Answer with status 500, or abort an answer that has begun."""
        if self.status:
            self.abort()
        else:
            with suppress(ConnectionError):
                await self.reply(500, (), b"")

    def abort(self) -> None:
        """Close the connection at once, so that the client sees an incomplete answer."""
        self.response.force_close()
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    def close_after(self) -> None:
        """Close the connection after this answer."""
        self.response.force_close()

    async def _guarded(self, act: object) -> None:
        try:
            await act  # type: ignore[misc]
        except ConnectionError as error:
            raise ClientGoneError("the client has closed its connection") from error

    # -- WebSockets

    async def open_socket(self, protocols: Sequence[str], headers: Headers) -> SocketEnd:
        """Accept the handshake of a WebSocket. `protocols` are the ones to choose from."""
        socket = web.WebSocketResponse(
            protocols=tuple(protocols), compress=False, autoping=True, autoclose=False,
            heartbeat=self._settings.ping_seconds, timeout=_CLOSE_SECONDS,
            max_msg_size=sizes_below(self._settings.most_message_bytes),
        )  # fmt: skip
        for name, value in headers:
            socket.headers.add(name, value)
        self.status = 101
        self.response = socket
        self._connection.has_begun_answer = True
        await self._guarded(socket.prepare(self._request))
        self._connection.socket_opened()
        return AiohttpSocket(socket)


class AiohttpSocket:
    """A WebSocket of aiohttp, of the server or of the client. Implements `SocketEnd`."""

    def __init__(self, socket: object) -> None:
        self._socket: web.WebSocketResponse = socket  # type: ignore[assignment]

    async def receive(self) -> SocketMessage:
        """Wait for the next message. After the end, returns the end again."""
        message: WSMessage = await self._socket.receive()
        if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
            return SocketMessage(message.data)
        code = _LOST
        if message.type is WSMsgType.CLOSE:
            code = int(message.data) if message.data else 1005
            if code in _NEVER_SENT or code >= _MOST_CODES:
                return SocketMessage(None, WSCloseCode.PROTOCOL_ERROR)
            return SocketMessage(None, code, message.extra or "")
        if message.type in _ENDS:
            return SocketMessage(None, self._socket.close_code or _LOST)
        return await self.receive()

    async def send(self, data: bytes | str) -> None:
        """Send a message. Waits while the peer reads too slowly. Raises ConnectionError."""
        if isinstance(data, str):
            await self._socket.send_str(data)
        else:
            await self._socket.send_bytes(data)

    async def begin_close(self, code: int) -> None:
        """Send a close frame. The messages that still arrive can be received. Never raises."""
        writer = getattr(self._socket, "_writer", None)  # `close` would drop these messages
        if writer is not None:
            with suppress(Exception):
                await writer.close(_sendable(code))

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason. Never raises."""
        code = _sendable(code)
        text = reason.encode("utf-8")[:_MOST_REASON].decode("utf-8", "ignore").encode("utf-8")
        with suppress(Exception):
            await asyncio.wait_for(self._socket.close(code=code, message=text), _CLOSE_SECONDS)


def sizes_below(most_bytes: int) -> int:
    """Return aiohttp's limit for messages of at most `most_bytes`: it refuses those that reach it."""
    return most_bytes + 1


def _sendable(code: int) -> int:
    """Return the code for a close frame: some codes mean that there was no frame, or none in it."""
    if code == _LOST:
        return int(WSCloseCode.GOING_AWAY)
    return code if code not in (1005, 1015) and 1000 <= code < _MOST_CODES else int(WSCloseCode.OK)
