"""What the hooks for the clients of `websockets` share: what hangs on a connection, its end, errors."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.http_gate import note_fault
from quotakeeper.intercept.socket_gate import Assembler
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut
    from quotakeeper.providers.contract import Request

PLACE = "_quotakeeper_socket"
POLICY = 1008
_REASONS = {402: "Payment Required", 429: "Too Many Requests"}
_MOST_REASON = 120  # bytes that a close frame has room for


class Socket:
    """What hangs on a connection."""

    def __init__(self, attempt: SocketAttempt) -> None:
        self.attempt = attempt
        self.incoming = Assembler()

    def came(self, opcode: int, data: Any, final: bool) -> None:
        """Take a frame of the provider's."""
        try:
            message = self.incoming.feed(opcode, data, final)
            if message is not None:
                self.attempt.received(message)
        except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
            note_fault(error)

    @property
    def was_closed(self) -> bool:
        """Whether the provider closed it properly."""
        return self.incoming.close_code in (1000, 1001, 1005)


def process_event(original: Any) -> Any:
    def process_event(connection: Any, event: Any) -> Any:
        socket = vars(connection).get(PLACE)
        if socket is not None and connection.response is not None:
            socket.came(int(event.opcode), event.data, event.fin)
        return original(connection, event)

    return process_event


def ended(connection: Any, socket: Socket, *, wait: bool) -> None:
    """The connection is gone, after it was open or before."""
    try:
        response = getattr(connection, "response", None)
        if response is not None and response.status_code != 101:
            refused_by_provider(connection, socket.attempt)
        elif wait:
            socket.attempt.end(socket.was_closed)
        else:
            socket.attempt.hand_over(socket.was_closed)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)


def refused_by_provider(connection: Any, attempt: SocketAttempt) -> bool:
    """End an attempt that was answered by an error of the provider's."""
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
    """A WebSocketURI of the library as a request of ours."""
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see sockets

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
    """A message as the provider gets it: `text` may turn one kind into the other."""
    text = given[0] if given else named.get("text")
    if isinstance(message, str):
        return message.encode("utf-8") if text is False else message
    data = bytes(message)
    return data.decode("utf-8", "replace") if text is True else data


def invalid_status(refused: Refused) -> Exception:
    refusal = refused.refusal
    headers = import_module("websockets.datastructures").Headers(dict(refusal.headers))
    reason = _REASONS.get(refusal.status, "Refused")
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
    """What the library raises when a connection was closed for breaking a rule."""
    kind = import_module("websockets.exceptions").ConnectionClosedError
    try:
        close = import_module("websockets.frames").Close(POLICY, short(cut.reason))
        error: Exception = kind(None, close)
    except (AttributeError, ImportError, TypeError):  # before version 10
        error = kind(POLICY, short(cut.reason))
    return error


def short(reason: str) -> str:
    return reason.encode("utf-8")[:_MOST_REASON].decode("utf-8", "ignore")
