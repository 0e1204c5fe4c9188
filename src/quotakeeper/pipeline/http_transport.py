"""One HTTP request and its reply. Never follows a redirect: keys go to the host they are meant for."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from quotakeeper.pipeline.errors import SetupError
from quotakeeper.value_classes import dataclass, field

_MOST_REPLY_BYTES = 64 * 1024 * 1024
# Failures that leave no doubt that nothing was sent.
_BEFORE_SENDING = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RequestNotSentError(Exception):
    """The request did not leave: nobody can have charged for it."""


class NoConnectionError(RequestNotSentError):
    """The provider's host could not be reached: no network, no such name, or nobody listens."""


class ReplyLostError(Exception):
    """The request left, but no whole reply came: it may have been charged."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A POST, or a GET without a body. A body that is a path is sent from the file.

    `headers` and `body` are left out of its repr.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Path = field(repr=False)
    timeout_seconds: float = 600.0
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole reply. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object] | None:
        """The JSON object in the body, or None."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value if isinstance(value, dict) else None


class HttpTransport(Protocol):
    """Sends one request; raises RequestNotSentError or ReplyLostError."""

    def __call__(self, request: HttpRequest) -> HttpReply:
        """The reply, whatever its status."""


def check_base_url(url: str, setting: str, *, plain_http: bool) -> str:
    """A base URL fit to carry a key, without its last slash."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SetupError(
            "{setting}: {url} is not an http(s) URL",
            exit_code=2, setting=setting, url=repr(url[:80]),
        )  # fmt: skip
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SetupError(
            "{setting}: give a plain URL, without user, query or #", exit_code=2, setting=setting
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not plain_http:
        raise SetupError(
            "{setting}: the key would travel in clear to {host}; use https, or allow it with "
            "--plain-http",
            exit_code=2, setting=setting, host=parts.hostname,
        )  # fmt: skip
    return url.rstrip("/")


class _RedirectIsReply(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """A redirect is an answer like any other."""


class _KeepStatus(urllib.request.HTTPErrorProcessor):
    def http_response(
        self, request: urllib.request.Request, response: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        """No status is an exception."""
        return response

    https_response = http_response


def send(request: HttpRequest) -> HttpReply:
    """Send over the network; loopback hosts never go through a proxy."""
    handlers: list[urllib.request.BaseHandler] = [_RedirectIsReply(), _KeepStatus()]
    if urlsplit(request.url).hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    open_url = urllib.request.build_opener(*handlers).open
    if isinstance(request.body, bytes):
        return _exchange(open_url, request, request.body)
    try:
        file = request.body.open("rb")
    except OSError as error:
        raise RequestNotSentError(str(error)) from error
    with file:
        return _exchange(open_url, request, file)


def _exchange(
    open_url: Callable[..., http.client.HTTPResponse], request: HttpRequest, body: bytes | IO[bytes]
) -> HttpReply:
    size = len(body) if isinstance(body, bytes) else body.seek(0, 2)
    if not isinstance(body, bytes):
        body.seek(0)
    headers = {**request.headers, "Accept-Encoding": "identity"}
    data = body if request.method == "POST" else None
    if data is not None:
        headers["Content-Length"] = str(size)
    outgoing = urllib.request.Request(
        request.url, data=data, headers=headers, method=request.method
    )
    try:
        with open_url(outgoing, timeout=request.timeout_seconds) as response:
            content = response.read(_MOST_REPLY_BYTES + 1)
            status = response.status
            received = {name.lower(): value for name, value in response.headers.items()}
            rest = response.length or 0  # a reply that is cut off ends without an error
    except urllib.error.URLError as error:
        if isinstance(error.reason, _BEFORE_SENDING):
            raise NoConnectionError(f"no connection: {error.reason}") from None
        raise ReplyLostError(f"the connection failed: {error.reason}") from None
    except (http.client.HTTPException, OSError) as error:
        raise ReplyLostError(f"the reply was cut off: {type(error).__name__}") from None
    if len(content) > _MOST_REPLY_BYTES:
        raise ReplyLostError("the reply is larger than any real one")
    if rest:
        raise ReplyLostError("the reply was cut off")
    return HttpReply(status, received, content)
