"""http.client, and with it urllib.request, urllib3, requests, botocore and what stands on them.

A connection's own verbs are wrapped, whoever calls them, and the file that an answer is read from:
so it does not matter which of the many ways of reading a library has chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks.bodies import Gathered, seen_body
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.sockets import Canned, Tee
from quotakeeper.intercept.http_gate import comes_late, note_fault, start
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.providers.contract import Request

_WIRE = "_quotakeeper_wire"
_UNSEEN = object()
_HTTPS_PORT = 443
_LAST_CHUNK = b"0\r\n\r\n"
_patches = Patches()


class _Wire:
    """What is known of the request that a connection is making."""

    def __init__(self) -> None:
        self.method = self.target = ""
        self.told: list[tuple[Any, Any]] = []  # headers as they were put: read if they matter
        self.body: Any = _UNSEEN
        self.attempt: HttpAttempt | None = None
        self.refused = False
        self.late: Gathered | None = None

    def headers(self) -> dict[str, str]:
        """The headers, by their names in lower case."""
        return {
            _text(name).lower(): _text(values[0])
            if len(values) == 1
            else ", ".join(map(_text, values))
            for name, values in self.told
        }

    def begin(self, method: str, target: str) -> None:
        """A new request; a body that `request` was given stays for it."""
        if self.attempt is not None:
            self.attempt.hand_over()  # whoever made it never asked for its answer
        self.method, self.target = method, target
        self.told = []
        self.attempt, self.refused, self.late = None, False, None


def install(module: Any) -> None:
    """Patch `http.client`."""
    connection = module.HTTPConnection
    _patches.wrap(connection, "request", _with_body)
    _patches.wrap(connection, "putrequest", _putrequest)
    _patches.wrap(connection, "putheader", _putheader)
    _patches.wrap(connection, "endheaders", _endheaders)
    _patches.wrap(connection, "send", _send)
    _patches.wrap(connection, "getresponse", _getresponse)


def install_urllib3(module: Any) -> None:
    """Patch `urllib3.connection`: there, bodies are sent piece by piece after the headers."""
    _patches.wrap(module.HTTPConnection, "request", _with_body)


def uninstall() -> None:
    """Take everything back."""
    _patches.undo()


def wire_of(connection: Any) -> _Wire:
    """What is known of a connection's request."""
    found = connection.__dict__.get(_WIRE)
    if found is None:
        found = connection.__dict__[_WIRE] = _Wire()
    return found  # type: ignore[no-any-return]


def _with_body(original: Any) -> Any:
    def request(
        self: Any, method: str, url: str, body: Any = None, *arguments: Any, **options: Any
    ) -> Any:
        wire = wire_of(self)
        if wire.body is _UNSEEN:
            wire.body = body
        try:
            return original(self, method, url, body, *arguments, **options)
        finally:
            wire.body = _UNSEEN

    return request


def _putrequest(original: Any) -> Any:
    def putrequest(self: Any, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        wire_of(self).begin(method, url)
        return original(self, method, url, *arguments, **options)

    return putrequest


def _putheader(original: Any) -> Any:
    def putheader(self: Any, header: Any, *values: Any) -> Any:
        result = original(self, header, *values)
        wire_of(self).told.append((header, values))
        return result

    return putheader


def _endheaders(original: Any) -> Any:
    def endheaders(self: Any, message_body: Any = None, **options: Any) -> Any:
        wire = wire_of(self)
        if wire.body is _UNSEEN and message_body is not None:
            wire.body = message_body
        if _comes_late(self, wire):
            wire.body, wire.late = _UNSEEN, Gathered()
            return original(self, message_body, **options)
        started = start(lambda: _request(self, wire))
        wire.body = _UNSEEN
        if started is None:
            return original(self, message_body, **options)
        if isinstance(started, Refused):
            wire.refused = True
            return _keep_here(self, started.refusal)
        wire.attempt = attempt = started
        try:
            _connect_first(self, attempt)
            return original(self, message_body, **options)
        except BaseException:
            attempt.failed(True)
            raise

    return endheaders


def _connect_first(connection: Any, attempt: Any) -> None:
    """Connect as the first bytes would, but so that it is known that none has left."""
    if connection.sock is None and connection.auto_open:
        try:
            connection.connect()
        except BaseException:
            attempt.failed(False)
            raise


def _send(original: Any) -> Any:
    def send(self: Any, data: Any) -> Any:
        wire = self.__dict__.get(_WIRE)
        if wire is not None and wire.refused:
            return None  # the rest of a request that stays here
        late = wire.late if wire is not None else None
        if wire is None or late is None:
            return original(self, data)
        if data == _LAST_CHUNK:
            return _whole(self, wire, late, original)
        if late.headers_left:
            late.add_chunk(data)
        late.headers_left = True
        return original(self, data)

    return send


def _comes_late(connection: Any, wire: _Wire) -> bool:
    body = wire.body
    if body is _UNSEEN or body is None or isinstance(body, bytes | str | bytearray | memoryview):
        return False
    if seen_body(body) != (None, None) or "transfer-encoding" not in wire.headers():
        return False
    return comes_late(lambda: _request(connection, wire))


def _whole(connection: Any, wire: _Wire, late: Gathered, original: Any) -> Any:
    """The body has come to its end: only now it is asked whether that may leave."""
    wire.late = None
    body, size = late.seen
    started = start(lambda: _request(connection, wire, body, size))
    if started is None:
        return original(connection, _LAST_CHUNK)
    if isinstance(started, Refused):
        wire.refused = True
        real, connection.sock = connection.sock, None
        real.close()  # the other side has half a request
        return _keep_here(connection, started.refusal)
    wire.attempt = started
    try:
        return original(connection, _LAST_CHUNK)
    except BaseException:
        started.failed(True)
        raise


def _getresponse(original: Any) -> Any:
    def getresponse(self: Any, *arguments: Any, **options: Any) -> Any:
        wire = wire_of(self)
        if wire.refused:
            return _answer_here(self, wire, lambda: original(self, *arguments, **options))
        attempt, wire.attempt = wire.attempt, None
        if attempt is None:
            return original(self, *arguments, **options)
        try:
            response = original(self, *arguments, **options)
        except BaseException:
            attempt.failed(True)
            raise
        try:
            _read_along(self, response, attempt)
        except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
            note_fault(error)
            attempt.hand_over()
        return response

    return getresponse


# -- a call that stays here


def _keep_here(connection: Any, refusal: Any) -> None:
    """The request counts as sent for the connection's own book-keeping, but nothing leaves."""
    connection._buffer.clear()
    connection._HTTPConnection__state = "Request-sent"
    connection.sock = Canned(refusal, connection.sock)


def _answer_here(connection: Any, wire: _Wire, read: Any) -> Any:
    """Have the connection read the refusal as if it had come from the other side."""
    wire.refused = False
    canned = connection.sock
    try:
        return read()
    finally:
        if connection.sock is canned:
            connection.sock = canned.real


# -- a call that was answered


def _read_along(connection: Any, response: Any, attempt: Any) -> None:
    headers = {name.lower(): value for name, value in response.headers.items()}
    attempt.answered(response.status, headers)
    socket = connection.sock

    def drop() -> None:
        if connection.sock is socket and socket is not None:
            connection.sock = None  # the next request makes another connection
            socket.close()

    file = Tee(response.fp, attempt, drop, chunked=bool(response.chunked), length=response.length)
    if file.is_over or response.fp is None:
        attempt.end(True)
    else:
        response.fp = file


# -- the request as it leaves


def _request(
    connection: Any, wire: _Wire, body: bytes | None = None, size: int | None = None
) -> Request | None:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see passage

    if wire.method == "CONNECT":
        return None
    headers = wire.headers()
    if size is None and wire.body is not _UNSEEN:
        body, size = seen_body(wire.body)
    elif size is None and headers.get("content-length", "") in ("", "0"):
        body = None if "transfer-encoding" in headers else b""
    return Request(wire.method, _url(connection, wire.target), headers, body, size)


def _url(connection: Any, target: str) -> str:
    if "://" in target.partition("?")[0]:
        return target  # through a proxy
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
