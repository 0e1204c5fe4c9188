"""`websockets` on event loops: its asyncio client, and the legacy one that older SDKs use."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.websockets_parts import (
    PLACE,
    POLICY,
    Socket,
    as_sent,
    asked,
    closed,
    ended,
    invalid_status,
    invalid_status_code,
    lower,
    process_event,
    refused_by_provider,
    request_of,
    short,
)
from quotakeeper.intercept.socket_gate import aopen_live
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut

_patches = Patches()


def install_asyncio(module: Any) -> None:
    """Patch `websockets.asyncio.client`."""
    client = module.ClientConnection
    _patches.wrap(client, "handshake", _async_handshake)
    _patches.wrap(client, "process_event", process_event)
    _patches.wrap(module.Connection, "connection_lost", _connection_lost)
    _patches.wrap(module.Connection, "send", _async_send)
    _patches.wrap(module.Connection, "close", _async_close)


def _async_handshake(original: Any) -> Any:
    async def handshake(connection: Any, *given: Any, **named: Any) -> Any:
        started = await aopen_live(lambda: request_of(connection, given, named))
        if started is None:
            return await original(connection, *given, **named)
        if isinstance(started, Refused):
            raise invalid_status(started)
        setattr(connection, PLACE, Socket(started))
        try:
            return await original(connection, *given, **named)
        except BaseException:
            if not refused_by_provider(connection, started):
                started.hand_over()
            raise

    return handshake


def _connection_lost(original: Any) -> Any:
    def connection_lost(connection: Any, error: Any) -> Any:
        try:
            return original(connection, error)
        finally:
            socket = vars(connection).get(PLACE)
            if socket is not None:
                ended(connection, socket, wait=False)

    return connection_lost


def _async_send(original: Any) -> Any:
    async def send(connection: Any, message: Any, *given: Any, **named: Any) -> Any:
        socket = vars(connection).get(PLACE)
        if socket is None:
            return await original(connection, message, *given, **named)
        if isinstance(message, str | bytes | bytearray | memoryview):
            cut = await socket.attempt.asent(as_sent(message, given, named))
            if cut is None:
                return await original(connection, message, *given, **named)
            return await _cut_async(connection, cut, original)
        if isinstance(message, AsyncIterable):
            message = _apieces(connection, socket.attempt, message)
        elif isinstance(message, Iterable) and not isinstance(message, Mapping):
            message = _apieces(connection, socket.attempt, _asynchronous(message))
        return await original(connection, message, *given, **named)

    return send


async def _asynchronous(pieces: Iterable[Any]) -> Any:
    for piece in pieces:
        yield piece


async def _apieces(connection: Any, attempt: SocketAttempt, pieces: AsyncIterable[Any]) -> Any:
    """As `_pieces` of the other client: sound counts at once, a text once it is whole."""
    text: list[str] = []
    async for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
        elif (cut := await attempt.asent(bytes(piece))) is not None:
            raise closed(connection, cut)
        yield piece
    if text:
        await attempt.asent("".join(text))


async def _cut_async(connection: Any, cut: SocketCut, send: Any) -> None:
    if cut.silent:
        return
    if not cut.again:
        if cut.farewell:
            await send(connection, cut.farewell)
        else:
            await connection.close(POLICY, short(cut.reason))
    raise closed(connection, cut)


def _async_close(original: Any) -> Any:
    async def close(connection: Any, *given: Any, **named: Any) -> Any:
        answer = await original(connection, *given, **named)
        socket = vars(connection).get(PLACE)
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
    _patches.wrap(shared, "send", _async_send)
    _patches.wrap(shared, "close", _async_close)


def _legacy_handshake(original: Any) -> Any:
    async def handshake(protocol: Any, wsuri: Any, *given: Any, **named: Any) -> Any:
        started = await aopen_live(lambda: asked(wsuri, getattr(protocol, "extra_headers", None)))
        if started is None:
            return await original(protocol, wsuri, *given, **named)
        if isinstance(started, Refused):
            raise invalid_status_code(started)
        socket = Socket(started)
        try:
            answer = await original(protocol, wsuri, *given, **named)
            setattr(protocol, PLACE, socket)
            return answer
        except BaseException as error:
            status = getattr(error, "status_code", None)
            if isinstance(status, int):
                started.answered(status, lower(getattr(error, "headers", None)), b"")
            if type(error).__name__ == "RedirectHandshake":  # it is asked for again elsewhere
                started.unsent()
            started.hand_over(isinstance(status, int))
            raise

    return handshake


def _read_frame(original: Any) -> Any:
    async def read_frame(protocol: Any, *given: Any, **named: Any) -> Any:
        frame = await original(protocol, *given, **named)
        socket = vars(protocol).get(PLACE)
        if socket is not None:
            socket.came(int(frame.opcode), frame.data, frame.fin)
        return frame

    return read_frame


def uninstall() -> None:
    """Take everything back."""
    _patches.undo()
