"""Sends one HTTP request and reads the reply.

Redirects are never followed, so that no other host receives an API key.
"""

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
# Errors that prove that nothing was sent.
_BEFORE_SENDING = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RequestNotSentError(Exception):
    """The request was not sent, so the provider cannot charge for it."""


class NoConnectionError(RequestNotSentError):
    """The provider's host cannot be reached: no network, an unknown host name, or a refused connection."""


class ReplyLostError(Exception):
    """The request was sent, but no complete reply arrived. The provider may charge for the request."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A POST request, or a GET request without a body. If `body` is a path, the content of the file
    is sent.

    The repr does not show `headers` and `body`, because they may contain secrets.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Path = field(repr=False)
    timeout_seconds: float = 600.0
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A complete reply. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object] | None:
        """Return the JSON object in the body; None if the body has no JSON object.

        A list with one object counts as this object.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value if isinstance(value, dict) else None


class HttpTransport(Protocol):
    """Sends one request. Raises RequestNotSentError or ReplyLostError."""

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Send the request and return the reply, for every HTTP status."""


def check_base_url(url: str, setting: str, *, plain_http: bool) -> str:
    """Check that an API key may be sent to a base URL. Returns the URL without a slash at the end.

    `setting` is the name of the setting in the error. Raises SetupError if the URL is invalid, or
    if it uses plain HTTP to another machine without `plain_http`.
    """
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
            "{setting}: the key would be sent unencrypted to {host}; use https, or allow it "
            "with --plain-http",
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
        """Return None, so that urllib does not follow the redirect."""


class _KeepStatus(urllib.request.HTTPErrorProcessor):
    def http_response(
        self, request: urllib.request.Request, response: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        """Return the response unchanged, so that urllib raises no exception for an error status."""
        return response

    https_response = http_response


def send(request: HttpRequest) -> HttpReply:
    """Send a request over the network. A request to this machine never uses a proxy.

    Raises RequestNotSentError or ReplyLostError.
    """
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
            rest = response.length or 0  # urllib raises no error if the reply is cut off
    except urllib.error.URLError as error:
        if isinstance(error.reason, _BEFORE_SENDING):
            raise NoConnectionError(f"no connection: {error.reason}") from None
        raise ReplyLostError(f"the connection failed: {error.reason}") from None
    except (http.client.HTTPException, OSError) as error:
        raise ReplyLostError(f"the reply was cut off: {type(error).__name__}") from None
    if len(content) > _MOST_REPLY_BYTES:
        raise ReplyLostError("the reply is too large")
    if rest:
        raise ReplyLostError("the reply was cut off")
    return HttpReply(status, received, content)
