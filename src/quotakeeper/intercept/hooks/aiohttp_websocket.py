"""Hook for aiohttp's WebSockets: checks the handshake, then every message in both directions.

A received message is counted when the program, or aiohttp's own `close`, reads it. A message to the
provider is counted before it is sent. Supports aiohttp 3.8 to 3.14.
"""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import faults_noted
from quotakeeper.intercept.socket_gate import (
    POLICY,
    SOCKET,
    MeteredSocket,
    aopen_live,
    shortened,
)
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketCut
    from quotakeeper.providers.contract import Request

_TEXT, _BINARY, _CLOSE = 1, 2, 8
_MESSAGES = (_TEXT, _BINARY, _CLOSE)
_REDIRECTS = (301, 302, 303, 307, 308)
_SWITCHING = 101


def install(module: Any, patches: Patches) -> None:
    """Patch `aiohttp.ClientWebSocketResponse`.

    Handshakes are not patched here: the hook for aiohttp's requests passes them to
    `send_handshake`.
    """
    connection = module.ClientWebSocketResponse
    patches.wrap(connection, "__init__", _init)
    patches.wrap(connection, "close", _close)


# -- the handshake


def is_handshake(request: Any) -> bool:
    """Return whether a `ClientRequest` is the handshake of a WebSocket."""
    return "websocket" in request.headers.get("Upgrade", "").lower()


async def send_handshake(
    send: Callable[..., Awaitable[Any]], refuse: Callable[..., Awaitable[Any]],
    request: Any, conn: Any,
) -> Any:  # fmt: skip
    """Send the handshake if the meter admits it. Otherwise answer with `refuse`.

    Attaches the metered socket to the response of an admitted handshake.
    """
    started = await aopen_live(lambda: _request(request))
    if started is None:
        return await send(request, conn)
    if isinstance(started, Refused):
        return await refuse(send, request, conn, started.refusal)
    try:
        response = await send(request, conn)
    except BaseException:
        started.hand_over()
        raise
    with faults_noted:
        setattr(response, SOCKET, MeteredSocket(started))
    return response


async def receive_answer(
    start: Callable[..., Awaitable[Any]], response: Any, connection: Any, socket: MeteredSocket
) -> Any:
    """Wait for the answer to a handshake. If the answer opens no socket, end the metered
    session."""
    try:
        answer = await start(response, connection)
    except BaseException:
        socket.attempt.hand_over()
        raise
    with faults_noted:
        if response.status in _REDIRECTS:  # aiohttp sends the handshake again to the new address
            socket.attempt.unsent()
        elif response.status != _SWITCHING:
            headers = {name.lower(): value for name, value in response.headers.items()}
            socket.attempt.answered(response.status, headers, b"")
            socket.attempt.hand_over(True)
    return answer


def _request(request: Any) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see socket_gate

    scheme, rest = str(request.url).split(":", 1)
    address = f"{scheme.replace('http', 'ws')}:{rest}"
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request("GET", address, headers)


# -- messages


def _init(original: Any) -> Any:
    def init(
        self: Any, reader: Any, writer: Any, protocol: Any, response: Any,
        *given: Any, **named: Any,
    ) -> None:  # fmt: skip
        socket = vars(response).get(SOCKET)
        if socket is not None:
            reader, writer = MeteredReader(reader, socket), MeteredWriter(writer, self, socket)
            setattr(self, SOCKET, socket)
        original(self, reader, writer, protocol, response, *given, **named)

    return init


def _close(original: Any) -> Any:
    async def close(self: Any, *given: Any, **named: Any) -> Any:
        socket = vars(self).get(SOCKET)
        if socket is None:
            return await original(self, *given, **named)
        try:
            answer = await original(self, *given, **named)
        finally:
            if self.closed:
                socket.attempt.hand_over(socket.was_closed)
        await socket.attempt.settled()
        return answer

    return close


class MeteredReader:
    """Wraps the queue that a connection reads its messages from, and counts each message."""

    def __init__(self, real: Any, socket: MeteredSocket) -> None:
        self._real = real
        self._socket = socket

    async def read(self) -> Any:
        """Count the next message and return it."""
        try:
            message = await self._real.read()
        except Exception:  # the connection is lost
            self._socket.attempt.hand_over(self._socket.was_closed)
            raise
        self._socket.read(self._seen, message)
        return message

    def _seen(self, message: Any) -> None:
        kind, data = int(message.type), message.data
        if kind not in _MESSAGES:
            return
        if kind == _CLOSE:
            data = int(data or 0).to_bytes(2, "big") if data else b""
        self._socket.frame_received(kind, data, True)
        if kind == _CLOSE:  # no message follows a close
            self._socket.attempt.hand_over(self._socket.was_closed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _as_sent(message: Any, opcode: int) -> bytes | str:
    data = message if isinstance(message, str) else bytes(message)
    return data.decode("utf-8", "replace") if opcode == _TEXT and isinstance(data, bytes) else data


class MeteredWriter:
    """Wraps a connection's writer, and counts each message before it is sent."""

    def __init__(self, real: Any, connection: Any, socket: MeteredSocket) -> None:
        self._real = real
        self._connection = weakref.ref(connection)
        self._socket = socket

    async def send_frame(self, message: Any, opcode: Any, *given: Any, **named: Any) -> Any:
        """Send a message if the meter admits it (aiohttp 3.11 and newer)."""
        if await self._leaves(message, int(opcode)):
            return await self._real.send_frame(message, opcode, *given, **named)
        return None

    async def send(self, message: Any, binary: bool = False, *given: Any, **named: Any) -> Any:
        """Send a message if the meter admits it (aiohttp before 3.11)."""
        if await self._leaves(message, _BINARY if binary else _TEXT):
            return await self._real.send(message, binary, *given, **named)
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def _leaves(self, message: Any, opcode: int) -> bool:
        """Return whether to send a message. If False, the message is dropped without an error.

        Raises ClientConnectionResetError when the meter ends the socket.
        """
        if opcode not in (_TEXT, _BINARY):
            return True
        data = self._socket.read(_as_sent, message, opcode)
        cut = None if data is None else await self._socket.attempt.asent(data)
        if cut is None:
            return True
        if not cut.silent:
            await self._end(cut)
        return False

    async def _end(self, cut: SocketCut) -> None:
        if not cut.again:
            connection = self._connection()
            if cut.farewell:
                await self._farewell(cut.farewell)
            elif connection is not None:
                await connection.close(code=POLICY, message=shortened(cut.reason).encode("utf-8"))
        module = import_module("aiohttp")
        raise getattr(module, "ClientConnectionResetError", ConnectionResetError)(cut.reason)

    async def _farewell(self, text: str) -> None:
        if hasattr(self._real, "send_frame"):
            await self._real.send_frame(text.encode("utf-8"), _TEXT)
        else:
            await self._real.send(text)
