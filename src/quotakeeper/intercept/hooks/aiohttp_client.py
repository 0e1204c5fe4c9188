"""Hook for aiohttp: meters each request before it is sent, and each answer as its bytes arrive."""

from __future__ import annotations

import weakref
from copy import copy
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.hooks import aiohttp_websocket as websocket
from quotakeeper.intercept.hooks.bodies import seen_body
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.sockets import written_out
from quotakeeper.intercept.http_gate import astart, note_fault, tried
from quotakeeper.intercept.socket_gate import SOCKET
from quotakeeper.intercept.suppression import suppressed
from quotakeeper.metering.refusal import Refused

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.providers.contract import Request

_ATTEMPT = "_quotakeeper_attempt"
_patches = Patches()
# A stream has no attribute for the attempt, so the attempt is found by the stream's id.
_by_stream: weakref.WeakValueDictionary[int, HttpAttempt] = weakref.WeakValueDictionary()


def install(module: Any) -> None:
    """Patch `aiohttp`."""
    metered = _metered(module.StreamReader, module.ClientPayloadError)
    _patches.wrap(module.ClientRequest, "send", _send)
    _patches.wrap(module.ClientResponse, "start", _start_with(module.StreamReader, metered))
    websocket.install(module, _patches)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


def _send(original: Any) -> Any:
    async def send(self: Any, conn: Any) -> Any:
        if tried(websocket.is_handshake, self):
            return await websocket.send_handshake(original, _refuse_locally, self, conn)
        started = await astart(lambda: _request(self))
        if started is None:
            return await original(self, conn)
        if isinstance(started, Refused):
            return await _refuse_locally(original, self, conn, started.refusal)
        try:
            tried(_replace_body, self, started)
            with suppressed():
                response = await original(self, conn)
        except BaseException:
            started.hand_over()
            raise
        setattr(response, _ATTEMPT, started)
        return response

    return send


def _start_with(plain: Any, metered: Any) -> Any:
    def wrap(original: Any) -> Any:
        async def start(self: Any, connection: Any) -> Any:
            attempt, socket = self.__dict__.get(_ATTEMPT), self.__dict__.get(SOCKET)
            if socket is not None:
                return await websocket.receive_answer(original, self, connection, socket)
            if attempt is None:
                return await original(self, connection)
            try:
                response = await original(self, connection)
            except BaseException:
                attempt.hand_over()
                raise
            try:
                _read_along(self, attempt, plain, metered)
            except Exception as error:  # noqa: BLE001 - must not reach the program
                note_fault(error)
                attempt.hand_over()
            return response

        return start

    return wrap


# -- the answer


def _read_along(response: Any, attempt: HttpAttempt, plain: Any, metered: Any) -> None:
    headers = {name.lower(): value for name, value in response.headers.items()}
    attempt.answered(response.status, headers)
    stream = response.content
    if type(stream) is not plain:
        attempt.hand_over(True)  # the answer has no body
        return
    for chunk in stream._buffer:  # bytes that arrived with the headers
        attempt.feed(chunk)
    if stream.is_eof():
        attempt.hand_over(True)
        return
    _by_stream[id(stream)] = attempt
    stream.__class__ = metered


def _metered(plain: Any, broken: Any) -> Any:
    """Return a subclass of aiohttp's stream that passes every chunk of an answer to its attempt."""
    over = _ended_stream(plain)

    class MeteredStreamReader(plain):  # type: ignore[misc]
        __slots__ = ()

        def feed_data(self, data: Any, *arguments: Any, **options: Any) -> Any:
            attempt = _by_stream.get(id(self))
            cut = attempt.passed_in_background(bytes(data)) if attempt is not None else None
            if cut is None:
                return plain.feed_data(self, data, *arguments, **options)
            tried(_ended, self, False)
            self.__class__ = over
            tried(_close_after, self)
            if cut.keep:
                plain.feed_data(self, bytes(data)[: cut.keep], *arguments, **options)
            if cut.ending:
                plain.feed_data(self, cut.ending)
                plain.feed_eof(self)
            else:
                plain.set_exception(self, broken(cut.reason))
            return None

        def feed_eof(self) -> None:
            tried(_ended, self, True)
            plain.feed_eof(self)

        def set_exception(self, *arguments: Any, **options: Any) -> None:
            tried(_ended, self, False)
            plain.set_exception(self, *arguments, **options)

    return MeteredStreamReader


def _ended_stream(plain: Any) -> Any:
    """Return a stream class for an answer that quotakeeper has cut. The stream drops all later
    bytes."""

    class EndedStreamReader(plain):  # type: ignore[misc]
        __slots__ = ()

        def feed_data(self, *_: Any, **__: Any) -> Any:
            """Drop the bytes."""

        def feed_eof(self) -> None:
            """Do nothing: the stream has already ended."""

        def set_exception(self, *_: Any, **__: Any) -> None:
            """Do nothing: the stream has already ended."""

    return EndedStreamReader


def _close_after(stream: Any) -> None:
    # The connection cannot be used again: the rest of the cut answer still arrives on it.
    close = getattr(stream._protocol, "force_close", None)
    if close is not None:
        close()


def _ended(stream: Any, complete: bool) -> None:
    attempt = _by_stream.pop(id(stream), None)
    if attempt is not None:
        attempt.hand_over(complete)


# -- a refused call


async def _refuse_locally(original: Any, request: Any, conn: Any, refusal: Any) -> Any:
    """Discard the request's bytes, and feed the refusal to the connection as the provider's
    answer."""
    protocol = conn.protocol
    protocol.transport = _DiscardingTransport(protocol.transport)
    response = await original(request, conn)
    protocol.data_received(written_out(refusal, connection="close"))
    return response


class _DiscardingTransport:
    """A transport that discards everything that is written to it."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def write(self, data: Any) -> None:
        """Discard the data."""

    def writelines(self, pieces: Any) -> None:
        """Discard the data."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


# -- the request


def _request(request: Any) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see http_gate

    headers = {name.lower(): value for name, value in request.headers.items()}
    payload = body = getattr(request, "_body", None) or request.body
    if not isinstance(body, bytes) and body is not None:
        body = getattr(body, "_value", body)
    seen, size = seen_body(body)
    replaceable = (
        isinstance(getattr(payload, "_value", None), bytes) and hasattr(payload, "_size")
        and not request.compress and not request.chunked
    )  # fmt: skip
    return Request(request.method, str(request.url), headers, seen, size, replaceable)


def _replace_body(request: Any, attempt: HttpAttempt) -> None:
    """Replace the request's body by the attempt's body, if the meter lowered the output cap."""
    if attempt.body is None:
        return
    payload = copy(getattr(request, "_body", None) or request.body)
    payload._value, payload._size = attempt.body, len(attempt.body)
    setattr(request, "_body" if hasattr(request, "_body") else "body", payload)
    request.headers["Content-Length"] = str(len(attempt.body))
