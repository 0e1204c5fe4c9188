"""aiohttp: the request as it is put on a connection, and the answer as its bytes arrive."""

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
# Streams have no room for a note of ours; the answer that a stream belongs to keeps its attempt.
_by_stream: weakref.WeakValueDictionary[int, HttpAttempt] = weakref.WeakValueDictionary()


def install(module: Any) -> None:
    """Patch `aiohttp`."""
    metered = _metered(module.StreamReader, module.ClientPayloadError)
    _patches.wrap(module.ClientRequest, "send", _send)
    _patches.wrap(module.ClientResponse, "start", _start_with(module.StreamReader, metered))
    websocket.install(module, _patches)


def uninstall() -> None:
    """Take everything back."""
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
            except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
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
        attempt.hand_over(True)  # there is no body
        return
    for chunk in stream._buffer:  # what came along with the headers
        attempt.feed(chunk)
    if stream.is_eof():
        attempt.hand_over(True)
        return
    _by_stream[id(stream)] = attempt
    stream.__class__ = metered


def _metered(plain: Any, broken: Any) -> Any:
    """The library's own stream, which also tells us what arrives."""
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
    """A stream that we have ended: what still arrives is nobody's."""

    class EndedStreamReader(plain):  # type: ignore[misc]
        __slots__ = ()

        def feed_data(self, *_: Any, **__: Any) -> Any:
            """Nobody's."""

        def feed_eof(self) -> None:
            """It is over already."""

        def set_exception(self, *_: Any, **__: Any) -> None:
            """It is over already."""

    return EndedStreamReader


def _close_after(stream: Any) -> None:
    # What still comes on this connection belongs to the answer that was cut.
    close = getattr(stream._protocol, "force_close", None)
    if close is not None:
        close()


def _ended(stream: Any, complete: bool) -> None:
    attempt = _by_stream.pop(id(stream), None)
    if attempt is not None:
        attempt.hand_over(complete)


# -- a call that stays here


async def _refuse_locally(original: Any, request: Any, conn: Any, refusal: Any) -> Any:
    """Let the request be written to nowhere, then let the connection receive the refusal."""
    protocol = conn.protocol
    protocol.transport = _DiscardingTransport(protocol.transport)
    response = await original(request, conn)
    protocol.data_received(written_out(refusal, connection="close"))
    return response


class _DiscardingTransport:
    """A transport that takes everything and sends nothing."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def write(self, data: Any) -> None:
        """Take it."""

    def writelines(self, pieces: Any) -> None:
        """Take them."""

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
    """Send the body of an attempt where it has one of its own: its output cap was lowered."""
    if attempt.body is None:
        return
    payload = copy(getattr(request, "_body", None) or request.body)
    payload._value, payload._size = attempt.body, len(attempt.body)
    setattr(request, "_body" if hasattr(request, "_body") else "body", payload)
    request.headers["Content-Length"] = str(len(attempt.body))
