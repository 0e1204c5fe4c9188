"""Records the method calls that make up a request of `http.client`, and builds a `Request` from
them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.bodies import Gathered, seen_body

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.providers.contract import Request

UNSEEN = object()  # the body has not been seen
_HTTPS_PORT = 443


class RequestState:
    """The parts of the request that a connection is making, as far as they are known."""

    def __init__(self) -> None:
        self.method = self.target = ""
        self.headers_put: list[tuple[Any, Any]] = []  # raw; parsed only when they are needed
        self.body: Any = UNSEEN
        self.attempt: HttpAttempt | None = None
        self.refused = False
        self.gathered: Gathered | None = None
        self.instead: bytes | None = None  # the body to send instead of the program's chunks
        self.is_replaced = False

    def headers(self) -> dict[str, str]:
        """Return the headers. Names are in lower case."""
        return {
            _text(name).lower(): _text(values[0])
            if len(values) == 1
            else ", ".join(map(_text, values))
            for name, values in self.headers_put
        }

    def begin(self, method: str, target: str) -> None:
        """Start a new request. Keeps `body`, which was set before this call."""
        if self.attempt is not None:
            self.attempt.hand_over()  # the program never read the answer of the request before
        self.method, self.target = method, target
        self.headers_put = []
        self.attempt, self.refused, self.gathered = None, False, None
        self.instead, self.is_replaced = None, False


def request_of(
    connection: Any, state: RequestState, body: bytes | None = None, size: int | None = None
) -> Request | None:
    """Return the request of a connection; None for CONNECT, which opens a tunnel to a proxy.

    `body` and `size` (bytes) are needed only if the body has already been sent.
    """
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see http_gate

    if state.method == "CONNECT":
        return None
    headers, whole = state.headers(), size is None
    if size is None and state.body is not UNSEEN:
        body, size = seen_body(state.body)
    elif size is None and headers.get("content-length", "") in ("", "0"):
        body = None if "transfer-encoding" in headers else b""
    # A body that was sent in chunks, or without a Content-Length, cannot be replaced.
    replaceable = whole and isinstance(state.body, bytes | str) and "content-length" in headers
    return Request(
        state.method, _url(connection, state.target), headers, body, size, replaceable
    )  # fmt: skip


def _url(connection: Any, target: str) -> str:
    if "://" in target.partition("?")[0]:
        return target  # the request goes to a proxy
    host = getattr(connection, "_tunnel_host", None)
    port = getattr(connection, "_tunnel_port", None) if host else connection.port
    host = host or connection.host
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    scheme = "https" if connection.default_port == _HTTPS_PORT else "http"
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{shown}:{port or connection.default_port}{target}"


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
