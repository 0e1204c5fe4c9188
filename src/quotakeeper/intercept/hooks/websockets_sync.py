"""Hook for `websockets.sync`, the client for threads.

A received frame is counted when it arrives, whether or not the program reads it. A message to the
provider is counted before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks import websockets_parts as parts
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import tried
from quotakeeper.intercept.socket_gate import MeteredSocket, open_live
from quotakeeper.metering.steps import called, drive

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt

_patches = Patches()


def install(module: Any) -> None:
    """Patch `websockets.sync.client`."""
    client = module.ClientConnection
    _patches.wrap(client, "handshake", _handshake)
    _patches.wrap(client, "process_event", parts.process_event)
    _patches.wrap(client, "recv_events", _recv_events)
    _patches.wrap(module.Connection, "send", _send)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


def _handshake(original: Any) -> Any:
    def handshake(connection: Any, *given: Any, **named: Any) -> Any:
        started = open_live(lambda: parts.request_of(connection, given, named))
        with parts.opening(connection, started, lambda attempt: attempt.end(False)):
            return original(connection, *given, **named)

    return handshake


def _recv_events(original: Any) -> Any:
    def recv_events(connection: Any) -> Any:
        try:
            return original(connection)
        finally:
            socket = tried(parts.socket_of, connection)
            # Before an answer the handshake is under way; if it fails, the handshake ends the
            # attempt.
            if socket is not None and connection.response is not None:
                tried(parts.ended, connection, socket, True)

    return recv_events


def _send(original: Any) -> Any:
    def send(connection: Any, message: Any, *given: Any, **named: Any) -> Any:
        steps = parts.sending(_METERED, original, connection, message, *given, **named)
        return drive(steps, called)

    return send


def _asked(attempt: SocketAttempt, data: bytes | str) -> Any:
    return attempt.sent(data)


def _pieces(connection: Any, socket: MeteredSocket, message: Any) -> Any:
    if not isinstance(message, Iterable) or isinstance(message, Mapping):
        return message  # the library raises its own error for it
    return _metered_pieces(connection, socket, message)


def _metered_pieces(
    connection: Any, socket: MeteredSocket, message: Iterable[Any]
) -> Iterator[Any]:
    pieces = parts.Pieces()
    for piece in message:
        sound = socket.read(pieces.sound_in, piece)
        if sound is not None and (cut := socket.attempt.sent(sound)) is not None:
            raise parts.closed(connection, cut)
        yield piece
    if pieces.text:
        socket.attempt.sent(pieces.text)


_METERED = parts.Metered(_asked, _pieces)
