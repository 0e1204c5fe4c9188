"""Hook for httpx and httpx2, sync and async: wraps the transports that send requests.

Redirects, authentication and retries run above the transport, so the hook handles each attempt
separately. Transports that do not use a network (mocks, ASGI, other libraries) are not patched. If
a mock below the transport answers (respx), the call is released, because nothing was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from quotakeeper.intercept.hooks import httpx_websocket as websocket
from quotakeeper.intercept.hooks.bodies import Gathered, seen_body
from quotakeeper.intercept.hooks.httpx_streams import async_metered_stream, metered_stream
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.http_gate import (
    astart,
    astarts_after_body,
    note_fault,
    start,
    starts_after_body,
    tried,
)
from quotakeeper.intercept.suppression import suppressed
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.steps import adrive, called, drive

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.providers.contract import Request

Steps = Generator[Callable[[], Any], Any, Any]  # called, and awaited on an event loop
# Errors that the library raises before the first byte of a request is sent.
_UNSENT = (
    "ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol",
    "LocalProtocolError",
)  # fmt: skip
_MOCKS = ("mocket", "pook", "respx", "vcr")  # they mock below the transport
_patches = Patches()


def install(module: Any) -> None:
    """Patch `httpx` or `httpx2`."""
    library = _Library(module)
    _patches.wrap(module.HTTPTransport, "handle_request", library.sync_hook)
    _patches.wrap(module.AsyncHTTPTransport, "handle_async_request", library.async_hook)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


class _Verbs(NamedTuple):
    """The functions that differ between threads and event loops.

    `abandoned` ends a call that the program no longer waits for. `is_mocked` is True if a mock
    between the transport and the network may answer.
    """

    start: Callable[..., Any]
    starts_after_body: Callable[..., Any]
    failed: Callable[[HttpAttempt, bool], Any]
    abandoned: Callable[[HttpAttempt], None]
    stream: Any
    body: Any
    shaking_hands: Callable[..., Steps]
    is_mocked: bool = False


class _Library:
    """The hook for one of the two libraries, httpx or httpx2."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.unsent = tuple(getattr(module, name) for name in _UNSENT if hasattr(module, name))
        self._blocking = _Verbs(
            start, starts_after_body,
            lambda attempt, sent: attempt.failed(sent),
            lambda attempt: attempt.failed(True),
            metered_stream(module.SyncByteStream, module.ReadError),
            _gathered_body(module.SyncByteStream),
            partial(websocket.shaking_hands, websocket.THREADS),
        )  # fmt: skip
        self._awaited = _Verbs(
            astart, astarts_after_body,
            lambda attempt, sent: attempt.afailed(sent),
            lambda attempt: attempt.hand_over(),
            async_metered_stream(module.AsyncByteStream, module.ReadError),
            _async_gathered_body(module.AsyncByteStream),
            partial(websocket.shaking_hands, websocket.LOOPS),
        )  # fmt: skip

    def sync_hook(self, original: Any) -> Any:
        """Return the replacement of `HTTPTransport.handle_request`."""

        def handle_request(transport: Any, request: Any) -> Any:
            return drive(
                self._handling(
                    tried(_verbs_for, transport, self._blocking) or self._blocking,
                    lambda: original(transport, request),
                    request,
                ),
                called,
            )

        return handle_request

    def async_hook(self, original: Any) -> Any:
        """Return the replacement of `AsyncHTTPTransport.handle_async_request`."""

        async def handle_async_request(transport: Any, request: Any) -> Any:
            return await adrive(
                self._handling(
                    tried(_verbs_for, transport, self._awaited) or self._awaited,
                    lambda: original(transport, request),
                    request,
                ),
                called,
            )

        return handle_async_request

    def _handling(self, verbs: _Verbs, send: Callable[[], Any], request: Any) -> Steps:
        """Return the steps of a call: reserve, send the request, meter the answer as the program
        reads it."""

        def make() -> Request:
            return _request(request)

        if tried(websocket.is_handshake, request):
            hands = websocket.Handshake(
                send, request, self._answer, self.unsent, partial(_is_of_mock, verbs)
            )
            return (yield from verbs.shaking_hands(hands))
        if tried(_is_unseen, request) and (yield lambda: verbs.starts_after_body(make)):
            return (yield from self._sending_body_first(verbs, send, request))
        started = yield lambda: verbs.start(make)
        if started is None:
            return (yield send)
        if isinstance(started, Refused):
            return self._answer(started, request)
        try:
            tried(self._replace_body, request, started)
            with suppressed():
                response = yield send
        except Exception as caught:
            sent = not verbs.is_mocked and not isinstance(caught, self.unsent)
            yield lambda: verbs.failed(started, sent)
            raise
        except BaseException:
            verbs.abandoned(started)
            raise
        if tried(_is_of_mock, verbs, response):
            yield lambda: verbs.failed(started, False)
            return response
        return self._read_along(response, started, verbs.stream)

    def _replace_body(self, request: Any, attempt: HttpAttempt) -> None:
        """Replace the request's body by the attempt's body, if the meter lowered the output cap."""
        if attempt.body is None:
            return
        request.stream = self.module.ByteStream(attempt.body)
        request._content = attempt.body
        request.headers["content-length"] = str(len(attempt.body))

    def _sending_body_first(self, verbs: _Verbs, send: Callable[[], Any], request: Any) -> Steps:
        body = tried(verbs.body, request)
        if body is None:
            return (yield send)
        request.stream = body
        try:
            with suppressed():
                response = yield send
        except BaseException as error:
            if body.refused is not None:
                return self._answer(body.refused, request)
            body.failed(not verbs.is_mocked and not isinstance(error, self.unsent))
            raise
        if tried(_is_of_mock, verbs, response):
            body.failed(False)
            return response
        return self._read_along(response, body.attempt, verbs.stream)

    def _answer(self, refused: Refused, request: Any) -> Any:
        refusal = refused.refusal
        return self.module.Response(
            refusal.status, headers=dict(refusal.headers), content=refusal.body, request=request
        )

    def _read_along(self, response: Any, attempt: HttpAttempt | None, stream: Any) -> Any:
        if attempt is None:
            return response
        try:
            attempt.answered(response.status_code, dict(response.headers))
            response.stream = stream(response.stream, attempt)
        except Exception as error:  # noqa: BLE001 - must not reach the program
            note_fault(error)
            attempt.hand_over()
        return response


def _verbs_for(transport: Any, verbs: _Verbs) -> _Verbs:
    """Return `verbs`, with `is_mocked` set if a mock has patched the class of the connection
    pool."""
    pool = type(getattr(transport, "_pool", None))
    verb = getattr(pool, "handle_async_request", None) or getattr(pool, "handle_request", None)
    is_mocked = str(getattr(verb, "__module__", "")).partition(".")[0] in _MOCKS
    return verbs._replace(is_mocked=True) if is_mocked else verbs


def _is_of_mock(verbs: _Verbs, response: Any) -> bool:
    """Return whether a mock made the response itself. False if it came from the provider."""
    stream = getattr(response.stream, "_httpcore_stream", None)
    return verbs.is_mocked and not type(stream).__module__.startswith("httpcore")


class _BodyRefusedError(Exception):
    """The meter refused a request after its body was sent. The closing chunk is then not sent."""


class _GatheredBody:
    """A body that is sent in chunks. The call is reserved after the last chunk, before the body is
    closed."""

    def __init__(self, request: Any) -> None:
        self.attempt: HttpAttempt | None = None
        self.refused: Refused | None = None
        self._stream = request.stream
        self._asked = request
        self._body = Gathered()

    def _make(self) -> Request:
        return _request(self._asked, *self._body.seen)

    def _may_end(self, started: HttpAttempt | Refused | None) -> None:
        if isinstance(started, Refused):
            self.refused = started
            raise _BodyRefusedError
        self.attempt = started

    def failed(self, sent: bool) -> None:
        """End the attempt, because the request got no answer."""
        if self.attempt is not None:
            self.attempt.failed(sent)


def _gathered_body(kind: Any) -> Any:
    class GatheredByteStream(_GatheredBody, kind):  # type: ignore[misc]
        def __iter__(self) -> Any:
            for chunk in self._stream:
                tried(self._body.add, chunk)
                yield chunk
            self._may_end(start(self._make, beneath=True))

        def close(self) -> None:
            self._stream.close()

    return GatheredByteStream


def _async_gathered_body(kind: Any) -> Any:
    class AsyncGatheredByteStream(_GatheredBody, kind):  # type: ignore[misc]
        async def __aiter__(self) -> Any:
            async for chunk in self._stream:
                tried(self._body.add, chunk)
                yield chunk
            self._may_end(await astart(self._make, beneath=True))

        async def aclose(self) -> None:
            await self._stream.aclose()

    return AsyncGatheredByteStream


def _is_unseen(request: Any) -> bool:
    # With a Content-Length, the last chunk ends the request: a reservation after it is too late.
    return "transfer-encoding" in request.headers and _body(request) == (None, None)


def _request(request: Any, body: bytes | None = None, size: int | None = None) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see http_gate

    whole = size is None  # else its chunks have been sent
    if size is None:
        body, size = _body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    replaceable = whole and body is not None and "transfer-encoding" not in headers
    return Request(request.method, str(request.url), headers, body, size, replaceable)


def _body(request: Any) -> tuple[bytes | None, int | None]:
    content = getattr(request, "_content", None)
    if isinstance(content, bytes):
        return content, len(content)
    # The library reads a file chunk by chunk. `seen_body` can read the file before this.
    return seen_body(getattr(request.stream, "_stream", request.stream))
