"""Hook for `websocket-client` (the package `websocket`), which runs in threads."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import REASONS, faults_noted, tried
from quotakeeper.intercept.socket_gate import (
    POLICY,
    SOCKET,
    MeteredSocket,
    open_live,
    shortened,
)
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt
    from quotakeeper.providers.contract import Request

_TEXT, _DATA = 1, (0, 1, 2)
# Errors that the library raises before the first byte of the handshake is sent.
_UNSENT = ("WebSocketAddressException", "WebSocketProxyException")
_patches = Patches()


def install(module: Any) -> None:
    """Patch `websocket._core`."""
    connection = module.WebSocket
    _patches.wrap(connection, "connect", _connect)
    _patches.wrap(connection, "send_frame", _send_frame)
    _patches.wrap(connection, "recv_frame", _recv_frame)
    _patches.wrap(connection, "shutdown", _shutdown)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


def _connect(original: Any) -> Any:
    def connect(connection: Any, url: Any, *given: Any, **options: Any) -> Any:
        tried(_end, connection)  # the object may have been connected before
        started = open_live(lambda: _request(url, options.get("header")))
        if started is None:
            return original(connection, url, *given, **options)
        if isinstance(started, Refused):
            raise _bad_status(started)
        try:
            answer = original(connection, url, *given, **options)
        except BaseException as error:
            tried(_not_opened, started, error)
            raise
        with faults_noted:
            setattr(connection, SOCKET, MeteredSocket(started))
        return answer

    return connect


def _not_opened(attempt: SocketAttempt, error: BaseException) -> None:
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        headers = getattr(error, "resp_headers", None) or {}
        body = getattr(error, "resp_body", None) or b""
        attempt.answered(status, {str(k).lower(): str(v) for k, v in headers.items()}, bytes(body))
        attempt.end(True)
    elif type(error).__name__ in _UNSENT or isinstance(error, ConnectionRefusedError):
        attempt.unsent()
    else:
        attempt.end(False)


def _send_frame(original: Any) -> Any:
    def send_frame(connection: Any, frame: Any) -> Any:
        socket = vars(connection).get(SOCKET)
        if socket is None or frame.opcode not in _DATA:
            return original(connection, frame)
        message = socket.read(socket.outgoing.feed, frame.opcode, frame.data, bool(frame.fin))
        cut = None if message is None else socket.attempt.sent(message)
        if cut is None:
            return original(connection, frame)
        if cut.silent:
            return len(frame.data)
        if not cut.again:
            if cut.farewell:
                original(connection, type(frame).create_frame(cut.farewell, _TEXT))
            else:
                connection.send_close(POLICY, shortened(cut.reason).encode("utf-8"))
        raise _closed(cut.reason)

    return send_frame


def _recv_frame(original: Any) -> Any:
    def recv_frame(connection: Any) -> Any:
        socket = vars(connection).get(SOCKET)
        if socket is None:
            return original(connection)
        try:
            frame = original(connection)
        except Exception as error:
            if type(error).__name__ != "WebSocketTimeoutException" and not connection.connected:
                tried(_end, connection)
            raise
        socket.frame_received(frame.opcode, frame.data, bool(frame.fin))
        if socket.incoming.close_code:  # no frame follows a close
            tried(_end, connection)
        return frame

    return recv_frame


def _shutdown(original: Any) -> Any:
    def shutdown(connection: Any, *given: Any, **named: Any) -> Any:
        try:
            return original(connection, *given, **named)
        finally:
            tried(_end, connection)

    return shutdown


def _end(connection: Any) -> None:
    socket = vars(connection).pop(SOCKET, None)
    if socket is not None:
        socket.attempt.end(socket.was_closed)


def _request(url: Any, header: Any) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see socket_gate

    if callable(header):  # the library calls it once; a second call may differ
        header = None
    if isinstance(header, dict):
        pairs = [(str(name), str(value)) for name, value in header.items()]
    else:
        lines = [str(line).partition(":") for line in header or ()]
        pairs = [(name, value) for name, _, value in lines]
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Request("GET", str(url), headers)


def _bad_status(refused: Refused) -> Exception:
    refusal = refused.refusal
    headers = {name.lower(): value for name, value in refusal.headers.items()}
    reason = REASONS.get(refusal.status, "Refused")
    text = f"Handshake status {refusal.status} {reason} -+-+- {headers} -+-+- {refusal.body!r}"
    kind = import_module("websocket._exceptions").WebSocketBadStatusException
    error: Exception = kind(text, refusal.status, reason, headers, refusal.body)
    return error


def _closed(reason: str) -> Exception:
    kind = import_module("websocket._exceptions").WebSocketConnectionClosedException
    error: Exception = kind(reason)
    return error
