"""Hook for `http.client`, which urllib.request, urllib3, requests and botocore use.

The hook wraps the methods of a connection, and the file that the connection reads an answer from.
Each library reads an answer in its own way, but all of them read from this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks import urllib3_future
from quotakeeper.intercept.hooks.bodies import Gathered, seen_body
from quotakeeper.intercept.hooks.http_request_state import UNSEEN, RequestState, request_of
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.sockets import MeteredFile, RefusalSocket
from quotakeeper.intercept.http_gate import note_fault, start, starts_after_body, tried
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt

_STATE = "_quotakeeper_wire"
_LAST_CHUNK = b"0\r\n\r\n"
_patches = Patches()


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
    """Patch `urllib3.connection`, which sends a body in chunks after the headers."""
    if hasattr(module, "HfaceBackend"):  # urllib3-future is installed in its place
        urllib3_future.install(module)
        return
    _patches.wrap(module.HTTPConnection, "request", _with_body)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


def request_state_of(connection: Any) -> RequestState:
    """Return what the hook has recorded about a connection's current request."""
    found = connection.__dict__.get(_STATE)
    if found is None:
        found = connection.__dict__[_STATE] = RequestState()
    return found  # type: ignore[no-any-return]


def _with_body(original: Any) -> Any:
    def request(
        self: Any, method: str, url: str, body: Any = None, *arguments: Any, **options: Any
    ) -> Any:
        tried(_see_body, self, body)
        try:
            return original(self, method, url, body, *arguments, **options)
        finally:
            tried(_forget_body, self)

    return request


def _see_body(connection: Any, body: Any) -> None:
    state = request_state_of(connection)
    if state.body is UNSEEN:
        state.body = body


def _forget_body(connection: Any) -> None:
    request_state_of(connection).body = UNSEEN


def _begin(connection: Any, method: str, url: str) -> None:
    request_state_of(connection).begin(method, url)


def _put_header(connection: Any, header: Any, values: Any) -> None:
    request_state_of(connection).headers_put.append((header, values))


def _putrequest(original: Any) -> Any:
    def putrequest(self: Any, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        tried(_begin, self, method, url)
        return original(self, method, url, *arguments, **options)

    return putrequest


def _putheader(original: Any) -> Any:
    def putheader(self: Any, header: Any, *values: Any) -> Any:
        result = original(self, header, *values)
        tried(_put_header, self, header, values)
        return result

    return putheader


def _endheaders(original: Any) -> Any:
    def endheaders(self: Any, message_body: Any = None, **options: Any) -> Any:
        started = tried(_started, self, message_body)
        if started is None:
            return original(self, message_body, **options)
        if isinstance(started, Refused):
            return _withhold(self, started.refusal)
        attempt = started
        try:
            _connect_first(self, attempt)
            if attempt.body is None:
                return original(self, message_body, **options)
            _replace_length(self, len(attempt.body))
            if message_body is not None:
                return original(self, attempt.body, **options)
            result = original(self, **options)
            state = request_state_of(self)
            state.instead, state.is_replaced = attempt.body, True  # for `send`
            return result
        except BaseException:
            attempt.failed(True)
            raise

    return endheaders


def _started(connection: Any, message_body: Any) -> HttpAttempt | Refused | None:
    """Reserve the request with the meter. Returns the attempt or the refusal, as `start` does.

    None means: send the request. The request is not metered, or it is reserved later, after its
    whole body was sent.
    """
    state = request_state_of(connection)
    if state.body is UNSEEN and message_body is not None:
        state.body = message_body
    if _starts_after_body(connection, state):
        state.body, state.gathered = UNSEEN, Gathered()
        return None
    started = start(lambda: request_of(connection, state))
    state.body = UNSEEN
    if isinstance(started, Refused):
        state.refused = True
    else:
        state.attempt = started
    return started


def _replace_length(connection: Any, size: int) -> None:
    """Write the size of the replacement body into the headers, which have not been sent yet."""
    lines = connection._buffer
    for at, line in enumerate(lines):
        if line.lower().startswith(b"content-length:"):
            lines[at] = b"Content-Length: %d" % size


def _connect_first(connection: Any, attempt: Any) -> None:
    """Open the connection before the request is sent, so that a failure to connect counts as
    unsent."""
    if connection.sock is None and connection.auto_open:
        try:
            connection.connect()
        except BaseException:
            attempt.failed(False)
            raise


def _send(original: Any) -> Any:
    def send(self: Any, data: Any) -> Any:
        state = self.__dict__.get(_STATE)
        if state is not None and state.refused:
            return None  # further data of a refused request
        if state is not None and state.is_replaced:
            instead, state.instead = state.instead, None
            return None if instead is None else original(self, instead)
        gathered = state.gathered if state is not None else None
        if state is None or gathered is None:
            return original(self, data)
        if data == _LAST_CHUNK:
            return _body_sent(self, state, gathered, original)
        if gathered.headers_left:
            tried(gathered.add_chunk, data)
        gathered.headers_left = True
        return original(self, data)

    return send


def _starts_after_body(connection: Any, state: RequestState) -> bool:
    body = state.body
    if body is UNSEEN or body is None or isinstance(body, bytes | str | bytearray | memoryview):
        return False
    if seen_body(body) != (None, None) or "transfer-encoding" not in state.headers():
        return False
    return starts_after_body(lambda: request_of(connection, state))


def _body_sent(connection: Any, state: RequestState, gathered: Gathered, original: Any) -> Any:
    """Reserve a request after its last chunk, and send the closing chunk if the meter admits it.

    If the meter refuses, the connection is closed, and the provider has an incomplete request.
    """
    state.gathered = None
    seen = tried(lambda: gathered.seen)
    if seen is None:
        return original(connection, _LAST_CHUNK)
    body, size = seen
    started = start(lambda: request_of(connection, state, body, size))
    if started is None:
        return original(connection, _LAST_CHUNK)
    if isinstance(started, Refused):
        state.refused = True
        real, connection.sock = connection.sock, None
        real.close()  # the provider has received an incomplete request
        return _withhold(connection, started.refusal)
    state.attempt = started
    try:
        return original(connection, _LAST_CHUNK)
    except BaseException:
        started.failed(True)
        raise


def _getresponse(original: Any) -> Any:
    def getresponse(self: Any, *arguments: Any, **options: Any) -> Any:
        state = tried(request_state_of, self)
        if state is None:
            return original(self, *arguments, **options)
        if state.refused:
            return _read_refusal(self, state, lambda: original(self, *arguments, **options))
        attempt, state.attempt = state.attempt, None
        if attempt is None:
            return original(self, *arguments, **options)
        try:
            response = original(self, *arguments, **options)
        except BaseException:
            attempt.failed(True)
            raise
        try:
            _read_along(self, response, attempt)
        except Exception as error:  # noqa: BLE001 - must not reach the program
            note_fault(error)
            attempt.hand_over()
        return response

    return getresponse


# -- a refused call


def _withhold(connection: Any, refusal: Any) -> None:
    """Put the connection into the state "request sent" without sending anything."""
    connection._buffer.clear()
    connection._HTTPConnection__state = "Request-sent"
    connection.sock = RefusalSocket(refusal, connection.sock)


def _read_refusal(connection: Any, state: RequestState, read: Any) -> Any:
    """Make the connection read the refusal as the provider's answer."""
    state.refused = False
    refusal_socket = connection.sock
    try:
        return read()
    finally:
        if connection.sock is refusal_socket:
            connection.sock = refusal_socket.real


# -- an answered call


def _read_along(connection: Any, response: Any, attempt: Any) -> None:
    headers = {name.lower(): value for name, value in response.headers.items()}
    attempt.answered(response.status, headers)
    socket = connection.sock

    def drop() -> None:
        if connection.sock is socket and socket is not None:
            connection.sock = None  # the next request opens another connection
            socket.close()

    file = MeteredFile(
        response.fp, attempt, drop, chunked=bool(response.chunked), length=response.length
    )
    if file.is_over or response.fp is None:
        attempt.end(True)
    else:
        response.fp = file
