"""Hooks for `websockets` on event loops: its asyncio client, and the legacy client of older
SDKs."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks import websockets_parts as parts
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import tried
from quotakeeper.intercept.socket_gate import SOCKET, MeteredSocket, aopen_live
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.steps import adrive, called

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt

_patches = Patches()


def install_asyncio(module: Any) -> None:
    """Patch `websockets.asyncio.client`."""
    client = module.ClientConnection
    _patches.wrap(client, "handshake", _handshake)
    _patches.wrap(client, "process_event", parts.process_event)
    _patches.wrap(module.Connection, "connection_lost", _connection_lost)
    _patches.wrap(module.Connection, "send", _send)
    _patches.wrap(module.Connection, "close", _close)


def _handshake(original: Any) -> Any:
    async def handshake(connection: Any, *given: Any, **named: Any) -> Any:
        started = await aopen_live(lambda: parts.request_of(connection, given, named))
        with parts.opening(connection, started, lambda attempt: attempt.hand_over()):
            return await original(connection, *given, **named)

    return handshake


def _connection_lost(original: Any) -> Any:
    def connection_lost(connection: Any, error: Any) -> Any:
        try:
            return original(connection, error)
        finally:
            socket = tried(parts.socket_of, connection)
            if socket is not None:
                tried(parts.ended, connection, socket, False)

    return connection_lost


def _send(original: Any) -> Any:
    async def send(connection: Any, message: Any, *given: Any, **named: Any) -> Any:
        steps = parts.sending(_METERED, original, connection, message, *given, **named)
        return await adrive(steps, called)

    return send


async def _asked(attempt: SocketAttempt, data: bytes | str) -> Any:
    return await attempt.asent(data)


def _pieces(connection: Any, socket: MeteredSocket, message: Any) -> Any:
    if isinstance(message, AsyncIterable):
        return _metered_pieces(connection, socket, message)
    if not isinstance(message, Iterable) or isinstance(message, Mapping):
        return message  # the library raises its own error for it
    return _metered_pieces(connection, socket, _asynchronous(message))


async def _asynchronous(pieces: Iterable[Any]) -> Any:
    for piece in pieces:
        yield piece


async def _metered_pieces(
    connection: Any, socket: MeteredSocket, message: AsyncIterable[Any]
) -> AsyncIterator[Any]:
    pieces = parts.Pieces()
    async for piece in message:
        sound = socket.read(pieces.sound_in, piece)
        if sound is not None and (cut := await socket.attempt.asent(sound)) is not None:
            raise parts.closed(connection, cut)
        yield piece
    if pieces.text:
        await socket.attempt.asent(pieces.text)


_METERED = parts.Metered(_asked, _pieces)


def _close(original: Any) -> Any:
    async def close(connection: Any, *given: Any, **named: Any) -> Any:
        answer = await original(connection, *given, **named)
        socket = tried(parts.socket_of, connection)
        if socket is not None:
            await socket.attempt.settled()
        return answer

    return close


def install_legacy(module: Any) -> None:
    """Patch `websockets.legacy.client`."""
    shared = module.WebSocketCommonProtocol
    _patches.wrap(module.WebSocketClientProtocol, "handshake", _legacy_handshake)
    _patches.wrap(shared, "read_frame", _read_frame)
    _patches.wrap(shared, "connection_lost", _connection_lost)
    _patches.wrap(shared, "send", _send)
    _patches.wrap(shared, "close", _close)


def _legacy_handshake(original: Any) -> Any:
    async def handshake(protocol: Any, wsuri: Any, *given: Any, **named: Any) -> Any:
        started = await aopen_live(
            lambda: parts.asked(wsuri, getattr(protocol, "extra_headers", None))
        )
        if started is None:
            return await original(protocol, wsuri, *given, **named)
        if isinstance(started, Refused):
            raise parts.invalid_status_code(started)
        socket = MeteredSocket(started)
        try:
            answer = await original(protocol, wsuri, *given, **named)
            setattr(protocol, SOCKET, socket)
            return answer
        except BaseException as error:
            status = getattr(error, "status_code", None)
            if isinstance(status, int):
                headers = tried(parts.lower, getattr(error, "headers", None))
                started.answered(status, headers or {}, b"")
            if type(error).__name__ == "RedirectHandshake":  # it is sent again elsewhere
                started.unsent()
            started.hand_over(isinstance(status, int))
            raise

    return handshake


def _read_frame(original: Any) -> Any:
    async def read_frame(protocol: Any, *given: Any, **named: Any) -> Any:
        frame = await original(protocol, *given, **named)
        socket = tried(parts.socket_of, protocol)
        if socket is not None:
            socket.frame_received(int(frame.opcode), frame.data, frame.fin)
        return frame

    return read_frame


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()
