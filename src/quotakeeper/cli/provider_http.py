"""Checks provider addresses and opens them with urllib, so that no other host gets an API key."""

from __future__ import annotations

from http.client import HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from quotakeeper.errors import InvalidInputError

_LOCAL = ("localhost", "127.0.0.1", "::1")


class _NoRedirect(HTTPRedirectHandler):
    """Does not follow redirects, because urllib would send the key to the new address too."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None


def checked_address(url: str) -> str:
    """Return a base URL that may receive a key, without `/v1` at the end.

    Raises InvalidInputError if the URL is invalid. Also raises it for `http://` to an address that
    is not on this machine.
    """
    text = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query:
        raise InvalidInputError(
            "--base-url", f"{url[:60]!r} is not a valid address", "write it like https://HOST"
        )
    if parts.scheme == "http" and host not in _LOCAL:
        raise InvalidInputError(
            "--base-url",
            "would send the key unencrypted",
            "use https://, or an address on this machine",
        )
    return text.rstrip("/").removesuffix("/v1")


def address_opener(url: str) -> OpenerDirector:
    """Return a urllib opener for one address.

    The opener follows no redirects. For an address on this machine, it uses no proxy.
    """
    handlers: list[Any] = [_NoRedirect()]
    if urlsplit(url).hostname in _LOCAL:
        handlers.append(ProxyHandler({}))
    return build_opener(*handlers)
