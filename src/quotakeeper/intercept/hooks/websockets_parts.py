"""Functions that all hooks of `websockets` use: they count messages and end metered sessions."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from quotakeeper.intercept.http_gate import REASONS, faults_noted, tried
from quotakeeper.intercept.socket_gate import POLICY, SOCKET, MeteredSocket, shortened
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut
    from quotakeeper.providers.contract import Request

PLAIN = str | bytes | bytearray | memoryview  # the types of a message that is sent whole
Steps = Generator[Callable[[], Any], Any, Any]  # called, and awaited on an event loop


class Metered(NamedTuple):
    """The functions that differ between threads and event loops."""

    ask: Callable[[SocketAttempt, bytes | str], Any]
    pieces: Callable[[Any, MeteredSocket, Any], Any]


def socket_of(connection: Any) -> MeteredSocket | None:
    """Return the metered socket of a connection; None if the connection is not metered."""
    found: MeteredSocket | None = vars(connection).get(SOCKET)
    return found


@contextmanager
def opening(
    connection: Any, started: SocketAttempt | Refused | None, end: Callable[[SocketAttempt], None]
) -> Iterator[None]:
    """A context manager around a handshake.

    It raises the library's error if the meter refused, and calls `end` if the handshake fails.
    """
    if isinstance(started, Refused):
        raise invalid_status(started)
    if started is None:
        yield
        return
    with faults_noted:
        setattr(connection, SOCKET, MeteredSocket(started))
    try:
        yield
    except BaseException:
        if not tried(refused_by_provider, connection, started):
            end(started)
        raise


def sending(
    metered: Metered, original: Any, connection: Any, message: Any, *given: Any, **named: Any
) -> Steps:
    """Return the steps of a send: count the message, then send it, or close the connection."""
    socket = tried(socket_of, connection)
    if socket is not None and isinstance(message, PLAIN):
        data = socket.read(as_sent, message, given, named)
        cut = None
        if data is not None:
            cut = yield lambda: metered.ask(socket.attempt, data)
        if cut is not None:
            yield from _cutting(connection, cut, original)
            return None
    elif socket is not None:
        metered_pieces = socket.read(metered.pieces, connection, socket, message)
        message = message if metered_pieces is None else metered_pieces
    return (yield lambda: original(connection, message, *given, **named))


def _cutting(connection: Any, cut: SocketCut, send: Any) -> Steps:
    if cut.silent:
        return
    if not cut.again:
        if cut.farewell:
            yield lambda: send(connection, cut.farewell)
        else:
            yield lambda: connection.close(POLICY, shortened(cut.reason))
    raise closed(connection, cut)


class Pieces:
    """A message that is sent in chunks. Audio is counted chunk by chunk, text when it is whole."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def sound_in(self, piece: Any) -> bytes | None:
        """Return the audio bytes of a chunk. Stores a chunk of text and returns None."""
        if isinstance(piece, str):
            self._text.append(piece)
            return None
        return bytes(piece)

    @property
    def text(self) -> str:
        """The whole text; "" if the message has none."""
        return "".join(self._text)


def process_event(original: Any) -> Any:
    def process_event(connection: Any, event: Any) -> Any:
        socket = tried(socket_of, connection)
        if socket is not None and connection.response is not None:
            socket.frame_received(int(event.opcode), event.data, event.fin)
        return original(connection, event)

    return process_event


def ended(connection: Any, socket: MeteredSocket, may_wait: bool) -> None:
    """End the session of a closed connection, whether or not its handshake had succeeded."""
    response = getattr(connection, "response", None)
    if response is not None and response.status_code != 101:
        refused_by_provider(connection, socket.attempt)
    elif may_wait:
        socket.attempt.end(socket.was_closed)
    else:
        socket.attempt.hand_over(socket.was_closed)


def refused_by_provider(connection: Any, attempt: SocketAttempt) -> bool:
    """End the session if the provider answered the handshake with an error. Returns whether it
    did."""
    response = getattr(connection, "response", None)
    if response is None or response.status_code == 101:
        return False
    body = bytes(response.body or b"")
    attempt.answered(response.status_code, lower(response.headers), body)
    attempt.hand_over(True)
    return True


def request_of(connection: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Request:
    protocol = connection.protocol
    uri = getattr(protocol, "uri", None) or protocol.wsuri
    return asked(uri, given[0] if given else named.get("additional_headers"))


def asked(uri: Any, headers: Any) -> Request:
    """Return a handshake as a `Request`.

    `uri` is the parsed address of the library `websockets`. `headers` are the headers that the
    program adds, or None.
    """
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see socket_gate

    scheme = "wss" if uri.secure else "ws"
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return Request("GET", f"{scheme}://{host}:{uri.port}{uri.resource_name}", lower(headers))


def lower(headers: Any) -> dict[str, str]:
    if headers is None:
        return {}
    pairs = headers.raw_items() if hasattr(headers, "raw_items") else headers
    pairs = pairs.items() if hasattr(pairs, "items") else pairs
    return {str(name).lower(): str(value) for name, value in pairs}


def as_sent(message: Any, given: tuple[Any, ...], named: dict[str, Any]) -> bytes | str:
    """Return a message as the provider receives it.

    The argument `text` of the library can turn bytes into text, and text into bytes.
    """
    text = given[0] if given else named.get("text")
    if isinstance(message, str):
        return message.encode("utf-8") if text is False else message
    data = bytes(message)
    return data.decode("utf-8", "replace") if text is True else data


def invalid_status(refused: Refused) -> Exception:
    refusal = refused.refusal
    headers = import_module("websockets.datastructures").Headers(dict(refusal.headers))
    reason = REASONS.get(refusal.status, "Refused")
    response = import_module("websockets.http11").Response(
        refusal.status, reason, headers, refusal.body
    )
    error: Exception = import_module("websockets.exceptions").InvalidStatus(response)
    return error


def invalid_status_code(refused: Refused) -> Exception:
    headers = import_module("websockets.datastructures").Headers(dict(refused.refusal.headers))
    module = import_module("websockets.legacy.client")
    error: Exception = module.InvalidStatusCode(refused.refusal.status, headers)
    return error


def closed(connection: Any, cut: SocketCut) -> Exception:
    """Return the error that the library raises when a connection was closed with code 1008."""
    kind = import_module("websockets.exceptions").ConnectionClosedError
    try:
        close = import_module("websockets.frames").Close(POLICY, shortened(cut.reason))
        error: Exception = kind(None, close)
    except (AttributeError, ImportError, TypeError):  # versions before 10
        error = kind(POLICY, shortened(cut.reason))
    return error
