"""`websockets.sync`: the client for threads.

Counted are the frames that come, when they come, whether the program reads them or not; and the
messages that go, before they go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.websockets_parts import (
    PLACE,
    POLICY,
    Socket,
    as_sent,
    closed,
    ended,
    invalid_status,
    process_event,
    refused_by_provider,
    request_of,
    short,
)
from quotakeeper.intercept.socket_gate import open_live
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut

_patches = Patches()


def install(module: Any) -> None:
    """Patch `websockets.sync.client`."""
    client = module.ClientConnection
    _patches.wrap(client, "handshake", _sync_handshake)
    _patches.wrap(client, "process_event", process_event)
    _patches.wrap(client, "recv_events", _recv_events)
    _patches.wrap(module.Connection, "send", _sync_send)


def uninstall() -> None:
    """Take everything back."""
    _patches.undo()


def _sync_handshake(original: Any) -> Any:
    def handshake(connection: Any, *given: Any, **named: Any) -> Any:
        started = open_live(lambda: request_of(connection, given, named))
        if started is None:
            return original(connection, *given, **named)
        if isinstance(started, Refused):
            raise invalid_status(started)
        setattr(connection, PLACE, Socket(started))
        try:
            return original(connection, *given, **named)
        except BaseException:
            if not refused_by_provider(connection, started):
                started.end(False)
            raise

    return handshake


def _recv_events(original: Any) -> Any:
    def recv_events(connection: Any) -> Any:
        try:
            return original(connection)
        finally:
            socket = vars(connection).get(PLACE)
            # Without an answer it is the handshake that fails, and ends it.
            if socket is not None and connection.response is not None:
                ended(connection, socket, wait=True)

    return recv_events


def _sync_send(original: Any) -> Any:
    def send(connection: Any, message: Any, *given: Any, **named: Any) -> Any:
        socket = vars(connection).get(PLACE)
        if socket is None:
            return original(connection, message, *given, **named)
        if isinstance(message, str | bytes | bytearray | memoryview):
            cut = socket.attempt.sent(as_sent(message, given, named))
            if cut is None:
                return original(connection, message, *given, **named)
            return _cut_sync(connection, cut, original)
        if isinstance(message, Iterable) and not isinstance(message, Mapping):
            message = _pieces(connection, socket.attempt, message, original)
        return original(connection, message, *given, **named)

    return send


def _pieces(connection: Any, attempt: SocketAttempt, pieces: Iterable[Any], send: Any) -> Any:
    """A message in pieces: sound counts piece by piece, a text once it is whole."""
    text: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
        elif (cut := attempt.sent(bytes(piece))) is not None:
            raise closed(connection, cut)
        yield piece
    if text:
        attempt.sent("".join(text))


def _cut_sync(connection: Any, cut: SocketCut, send: Any) -> None:
    if cut.silent:
        return
    if not cut.again:
        if cut.farewell:
            send(connection, cut.farewell)
        else:
            connection.close(POLICY, short(cut.reason))
    raise closed(connection, cut)
