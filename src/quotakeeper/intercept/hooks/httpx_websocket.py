"""Meters the WebSockets of `httpx-ws`: the handshake as an httpx request, then each message.

Another library may also open a WebSocket over httpx. The handshake of this WebSocket is sent
unmetered and reported, because no hook can count the messages. Supports httpx-ws 0.5 to 0.9.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import faults_noted, tried
from quotakeeper.intercept.socket_gate import (
    POLICY,
    SOCKET,
    MeteredSocket,
    aopen_live,
    open_live,
    passes_unmetered,
    shortened,
)
from quotakeeper.intercept.suppression import suppressed
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.steps import adrive, called, drive

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut
    from quotakeeper.providers.contract import Request

_CONTINUATION, _TEXT, _BINARY, _CLOSE = 0, 1, 2, 8
_OPCODES = {"TextMessage": _TEXT, "BytesMessage": _BINARY}
_REDIRECTS = (301, 302, 303, 307, 308)
_SWITCHING = 101
# The key of the handshake that httpx-ws is making in this context. It identifies httpx-ws's own
# requests.
_key: ContextVar[str] = ContextVar("quotakeeper_httpx_ws_key", default="")
_patches = Patches()

Steps = Generator[Callable[[], Any], Any, Any]  # called, and awaited on an event loop


class Verbs(NamedTuple):
    """The functions that differ between threads and event loops."""

    opened: Callable[..., Any]
    sent: Callable[[SocketAttempt, bytes | str], Any]
    end: Callable[[SocketAttempt, bool], None]


class Handshake(NamedTuple):
    """A request for a WebSocket, and the functions that the hook of httpx passes with it."""

    send: Callable[[], Any]
    request: Any
    refuse: Callable[[Refused, Any], Any]
    unsent: tuple[type[Exception], ...]  # raised before the first byte is sent
    is_of_mock: Callable[[Any], bool]  # called with the response


THREADS = Verbs(
    open_live,
    lambda attempt, message: attempt.sent(message),
    lambda attempt, complete: attempt.end(complete),
)
LOOPS = Verbs(
    aopen_live,
    lambda attempt, message: attempt.asent(message),
    lambda attempt, complete: attempt.hand_over(complete),
)


def install(module: Any) -> None:
    """Patch `httpx_ws._api`. The hook of httpx meters the handshake."""
    _patches.wrap(module, "_get_headers", _get_headers)
    session, on_loops = module.WebSocketSession, module.AsyncWebSocketSession
    _patches.wrap(session, "__init__", _init_with(THREADS.end))
    _patches.wrap(session, "send", _send)
    _patches.wrap(session, "close", _close)
    _patches.wrap(on_loops, "__init__", _init_with(LOOPS.end))
    _patches.wrap(on_loops, "send", _send_awaited)
    _patches.wrap(on_loops, "close", _close_awaited)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


# -- the handshake


def is_handshake(request: Any) -> bool:
    """Return whether an httpx request is the handshake of a WebSocket."""
    return "websocket" in request.headers.get("upgrade", "").lower()


def shaking_hands(verbs: Verbs, hands: Handshake) -> Steps:
    """Return the steps of a handshake: reserve, send, and attach the meter to the response's
    stream."""
    request = hands.request
    if not tried(_is_of_httpx_ws, request):
        tried(passes_unmetered, lambda: _request(request))
        return (yield hands.send)
    started = yield lambda: verbs.opened(lambda: _request(request))
    if started is None:
        return (yield hands.send)
    if isinstance(started, Refused):
        return hands.refuse(started, request)
    try:
        with suppressed():
            response = yield hands.send
    except BaseException as error:
        if isinstance(error, hands.unsent):
            started.unsent()
        started.hand_over()
        raise
    tried(_answered, hands, response, started)
    return response


def _answered(hands: Handshake, response: Any, attempt: SocketAttempt) -> None:
    status = response.status_code
    if tried(hands.is_of_mock, response) or status in _REDIRECTS:  # httpx sends the request again
        attempt.unsent()
    elif status == _SWITCHING:
        setattr(response.extensions["network_stream"], SOCKET, MeteredSocket(attempt))
    else:
        attempt.answered(status, dict(response.headers), b"")
        attempt.hand_over(True)


def _get_headers(original: Any) -> Any:
    def get_headers(*given: Any, **named: Any) -> Any:
        headers = original(*given, **named)
        with faults_noted:
            _key.set(headers["sec-websocket-key"])
        return headers

    return get_headers


def _is_of_httpx_ws(request: Any) -> bool:
    return bool(request.headers.get("sec-websocket-key", "") == _key.get() != "")


def _request(request: Any) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see socket_gate

    scheme, rest = str(request.url).split(":", 1)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request("GET", f"{scheme.replace('http', 'ws')}:{rest}", headers)


# -- what passes


def _init_with(end: Callable[[SocketAttempt, bool], None]) -> Callable[[Any], Any]:
    def wrap(original: Any) -> Any:
        def init(session: Any, *given: Any, **named: Any) -> None:
            original(session, *given, **named)
            tried(_take_over, session, end)

        return init

    return wrap


def _take_over(session: Any, end: Callable[[SocketAttempt, bool], None]) -> None:
    """Move the metered socket from the session's stream to the session, and count received
    messages."""
    socket = vars(session.stream).pop(SOCKET, None)
    if socket is None:
        return
    real = session.connection.events
    session.connection.events = lambda: _seen(real(), socket, end)
    setattr(session, SOCKET, socket)


def _seen(
    events: Iterator[Any], socket: MeteredSocket, end: Callable[[SocketAttempt, bool], None]
) -> Iterator[Any]:
    for event in events:
        socket.read(_event_received, socket, event, end)
        yield event


def _event_received(
    socket: MeteredSocket, event: Any, end: Callable[[SocketAttempt, bool], None]
) -> None:
    if type(event).__name__ == "CloseConnection":  # the last event of a session
        socket.frame_received(_CLOSE, int(event.code or 1005).to_bytes(2, "big"), True)
        end(socket.attempt, socket.was_closed)
        return
    opcode = _OPCODES.get(type(event).__name__)
    if opcode is not None:
        first = _CONTINUATION if socket.incoming.is_open else opcode
        socket.frame_received(first, event.data, bool(event.message_finished))


def _send(original: Any) -> Any:
    def send(session: Any, event: Any) -> Any:
        return drive(_sending(THREADS, original, session, event), called)

    return send


def _send_awaited(original: Any) -> Any:
    async def send(session: Any, event: Any) -> Any:
        return await adrive(_sending(LOOPS, original, session, event), called)

    return send


def _sending(verbs: Verbs, original: Any, session: Any, event: Any) -> Steps:
    """Return the steps of a send: count the message, then send it.

    If a limit refuses the message, the steps end the session instead.
    """
    socket = vars(session).get(SOCKET)
    message = None if socket is None else socket.read(_sent_with, socket, event)
    cut = None
    if socket is not None and message is not None:
        cut = yield lambda: verbs.sent(socket.attempt, message)
    if cut is None:
        return (yield lambda: original(session, event))
    if not cut.silent:
        yield from _cutting(original, session, cut)
    return None


def _sent_with(socket: MeteredSocket, event: Any) -> bytes | str | None:
    """Return the message that this event completes; None if the message is not complete."""
    opcode = _OPCODES.get(type(event).__name__)
    if opcode is None:
        return None
    first = _CONTINUATION if socket.outgoing.is_open else opcode
    return socket.outgoing.feed(first, event.data, bool(event.message_finished))


def _cutting(original: Any, session: Any, cut: SocketCut) -> Steps:
    if not cut.again:
        events = import_module("wsproto.events")
        if cut.farewell:
            yield lambda: original(session, events.TextMessage(data=cut.farewell))
        else:  # the session's `close` would not wait for the answer; a blocked reader would stay blocked
            close = events.CloseConnection(code=POLICY, reason=shortened(cut.reason))
            yield lambda: original(session, close)
    raise import_module("httpx_ws").WebSocketNetworkError(cut.reason)


def _close(original: Any) -> Any:
    def close(session: Any, *given: Any, **named: Any) -> Any:
        try:
            return original(session, *given, **named)
        finally:
            tried(_ended, session, THREADS.end)

    return close


def _close_awaited(original: Any) -> Any:
    async def close(session: Any, *given: Any, **named: Any) -> Any:
        try:
            answer = await original(session, *given, **named)
        finally:
            tried(_ended, session, LOOPS.end)
        socket = vars(session).get(SOCKET)
        if socket is not None:
            await socket.attempt.settled()
        return answer

    return close


def _ended(session: Any, end: Callable[[SocketAttempt, bool], None]) -> None:
    socket = vars(session).get(SOCKET)
    if socket is not None:
        end(socket.attempt, socket.was_closed)
