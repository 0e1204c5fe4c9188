"""Hook for urllib3-future, which `niquests` uses: meters a connection's requests and answers.

urllib3-future uses HTTP/1.1, 2 and 3 without `http.client`. It can replace the package `urllib3`.
Then `requests` uses it too. Supports versions 2.12 to 2.25, sync and async.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from quotakeeper.intercept.hooks.bodies import seen_body
from quotakeeper.intercept.hooks.patching import Patches
from quotakeeper.intercept.hooks.urllib3_future_answers import async_metered, metered, read_along
from quotakeeper.intercept.http_gate import REASONS, astart, start
from quotakeeper.intercept.suppression import suppressed
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.steps import adrive, called, drive

if TYPE_CHECKING:
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.providers.contract import Request

Steps = Generator[Callable[[], Any], Any, Any]  # called, and awaited on an event loop
_STARTED = "quotakeeper"  # the promise's parameter that holds the attempt or the refusal
# Errors that the library raises before the first byte of a request is sent.
_UNSENT = ("ConnectTimeoutError", "NameResolutionError", "NewConnectionError", "ProxyError")
_patches = Patches()


def install(module: Any) -> None:
    """Patch `urllib3_future.connection`, or `urllib3.connection` if urllib3-future provides it."""
    connection = module.HTTPConnection
    _patches.wrap(connection, "request", _request_hook)
    _patches.wrap(connection, "getresponse", _answer_hook(module.HTTPResponse))
    _patches.wrap(connection.__mro__[1], "getresponse", _low_answer_hook)


def install_async(module: Any) -> None:
    """Patch `urllib3._async.connection`, the async form of the module that `install` patches."""
    connection = module.AsyncHTTPConnection
    _patches.wrap(connection, "request", _async_request_hook)
    _patches.wrap(connection, "getresponse", _async_answer_hook)
    _patches.wrap(connection.__mro__[1], "getresponse", _async_low_answer_hook)


def uninstall() -> None:
    """Remove all patches."""
    _patches.undo()


# -- the request


class _Verbs(NamedTuple):
    """The functions that differ between threads and event loops."""

    start: Callable[..., Any]
    failed: Callable[[HttpAttempt, bool], Any]


_BLOCKING = _Verbs(start, lambda attempt, sent: attempt.failed(sent))
_AWAITED = _Verbs(astart, lambda attempt, sent: attempt.afailed(sent))


def _request_hook(original: Any) -> Any:
    def request(
        self: Any, method: Any, url: Any, body: Any = None, headers: Any = None, **named: Any
    ) -> Any:
        steps = _requesting(_BLOCKING, original, self, _Given(method, url, body, headers), named)
        return drive(steps, called)

    return request


def _async_request_hook(original: Any) -> Any:
    async def request(
        self: Any, method: Any, url: Any, body: Any = None, headers: Any = None, **named: Any
    ) -> Any:
        steps = _requesting(_AWAITED, original, self, _Given(method, url, body, headers), named)
        return await adrive(steps, called)

    return request


class _Given(NamedTuple):
    method: Any
    url: Any
    body: Any
    headers: Any


def _requesting(
    verbs: _Verbs, original: Any, connection: Any, given: _Given, named: dict[str, Any]
) -> Steps:
    """Return the steps of a request: reserve and send it, or return a promise of the refusal."""
    started = yield lambda: verbs.start(lambda: _request(connection, given, named))
    if started is None:
        return (yield lambda: original(connection, *given, **named))
    if isinstance(started, Refused):
        return _promised(connection, _RefusedAnswer(started.refusal, given, named))
    given = _with_own_body(given, started)
    try:
        with suppressed():
            promise = yield lambda: original(connection, *given, **named)
    except Exception as error:
        sent = type(error).__name__ not in _UNSENT
        yield lambda: verbs.failed(started, sent)
        raise
    except BaseException:
        started.hand_over()
        raise
    promise.set_parameter(_STARTED, started)
    return promise


def _request(connection: Any, given: _Given, named: Mapping[str, Any]) -> Request:
    from quotakeeper.providers.contract import Request  # noqa: PLC0415 - see http_gate

    address = str(given.url)
    if "://" not in address:  # else the request goes to a proxy
        host = connection.host
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        address = f"{connection.scheme}://{host}:{connection.port}{address}"
    headers = {_text(name).lower(): _text(value) for name, value in (given.headers or {}).items()}
    seen, size = seen_body(given.body)
    is_chunked = named.get("chunked") or "transfer-encoding" in headers
    replaceable = isinstance(given.body, bytes | str) and not is_chunked
    return Request(str(given.method), address, headers, seen, size, replaceable)


def _with_own_body(given: _Given, attempt: HttpAttempt) -> _Given:
    """Return the request with the attempt's body, if the meter lowered the output cap."""
    if attempt.body is None:
        return given
    headers = {
        name: str(len(attempt.body)) if _text(name).lower() == "content-length" else value
        for name, value in given.headers.items()
    }
    return given._replace(body=attempt.body, headers=headers)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


# -- a refused call


class _RefusedAnswer:
    """A refusal, as an answer that the library can read."""

    def __init__(self, refusal: Any, given: _Given, named: Mapping[str, Any]) -> None:
        self._refusal = refusal
        self._given = given
        self._named = named

    def made(self, root: str, connection: Any, body: Any, low_kind: Any, kind: Any) -> Any:
        """Return the refusal as an object of the library's class `kind`. Uses no connection."""
        headers = import_module(f"{root}._collections").HTTPHeaderDict(dict(self._refusal.headers))
        status = self._refusal.status
        reason = REASONS.get(status, "Refused")
        low = low_kind(str(self._given.method), status, 11, reason, headers, body)
        return kind(
            body=low, headers=headers, status=status, version=11, reason=reason,
            preload_content=self.is_preloaded, original_response=low, connection=connection,
            decode_content=self._named.get("decode_content", True),
            request_method=self._given.method, request_url=self._given.url,
        )  # fmt: skip

    @property
    def pieces(self) -> Any:
        """The result of a read of the body: its chunks, whether it is over, and no trailers."""
        return [self._refusal.body], True, None

    @property
    def is_preloaded(self) -> bool:
        """Whether the library must read the whole body at once, as its caller wants."""
        return bool(self._named.get("preload_content", True))


def _promised(connection: Any, answer: _RefusedAnswer) -> Any:
    backend = import_module(f"{_root(connection)}.backend")
    return backend.ResponsePromise(connection, -1, [], **{_STARTED: answer})


def _root(connection: Any) -> str:
    """Return the package that defines a connection's class: "urllib3" or "urllib3_future".

    A subclass of the class may be in another package.
    """
    names = (kind.__module__ for kind in type(connection).__mro__)
    return next(name for name in names if name.startswith("urllib3")).partition(".")[0]


def _answer_hook(kind: Any) -> Callable[[Any], Any]:
    def wrap(original: Any) -> Any:
        def getresponse(self: Any, *, promise: Any = None, **named: Any) -> Any:
            answer = _started(promise)
            if not isinstance(answer, _RefusedAnswer):
                return original(self, promise=promise, **named)
            root = _root(self)
            low_kind = import_module(f"{root}.backend").LowLevelResponse
            return answer.made(root, self, lambda *_: answer.pieces, low_kind, kind)

        return getresponse

    return wrap


def _async_answer_hook(original: Any) -> Any:
    async def getresponse(self: Any, *, promise: Any = None, **named: Any) -> Any:
        answer = _started(promise)
        if not isinstance(answer, _RefusedAnswer):
            return await original(self, promise=promise, **named)

        async def body(*_: Any) -> Any:
            return answer.pieces

        root = _root(self)
        low_kind = import_module(f"{root}.backend._async").AsyncLowLevelResponse
        kind = import_module(f"{root}._async.response").AsyncHTTPResponse
        response = answer.made(root, self, body, low_kind, kind)
        if answer.is_preloaded:
            response._body = await response.read()
        return response

    return getresponse


def _started(promise: Any) -> Any:
    return None if promise is None else promise.get_parameter(_STARTED)


# -- the answer


def _low_answer_hook(original: Any) -> Any:
    def getresponse(self: Any, *, promise: Any = None, **named: Any) -> Any:
        try:
            low = original(self, promise=promise, **named)
        except BaseException:
            _not_answered(promise)
            raise
        attempt = _answered(low, promise)
        if attempt is not None:
            read_along(low, attempt, _root(self), metered)
        return low

    return getresponse


def _async_low_answer_hook(original: Any) -> Any:
    async def getresponse(self: Any, *, promise: Any = None, **named: Any) -> Any:
        try:
            low = await original(self, promise=promise, **named)
        except BaseException:
            _not_answered(promise)
            raise
        attempt = _answered(low, promise)
        if attempt is not None:
            read_along(low, attempt, _root(self), async_metered)
        return low

    return getresponse


def _not_answered(promise: Any) -> None:
    attempt = _started(promise)
    if attempt is not None:
        attempt.failed(True)


def _answered(low: Any, promise: Any) -> HttpAttempt | None:
    """Pass an answer's status and headers to its attempt. Returns the attempt.

    None if the answer is not metered, or has no body to read.
    """
    found = _started(promise if promise is not None else low.from_promise)
    if found is None or isinstance(found, _RefusedAnswer):
        return None
    attempt: HttpAttempt = found
    headers = {_text(name).lower(): _text(value) for name, value in low.msg.items()}
    attempt.answered(low.status, headers)
    if low.closed:  # the answer has no body
        attempt.hand_over(True)
        return None
    return attempt
