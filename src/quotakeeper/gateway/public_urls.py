"""Reads the address at which clients see a gateway, if a server such as nginx is in front of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from quotakeeper.errors import InvalidInputError
from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.hosts import checked_host
from quotakeeper.value_classes import dataclass

_PORTS = {"http": 80, "https": 443}
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")  # no `..`, no `//`


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """The address of a gateway for its clients. `text` does not end with a slash."""

    text: str
    host: str
    port: int

    @property
    def is_encrypted(self) -> bool:
        """Whether clients use TLS."""
        return self.text.startswith("https:")


def public_url(text: str) -> PublicUrl:
    """Return a checked address, such as `https://ai.example.com/gateway`.

    The path is what the server in front removes before it passes a request on. Raises
    InvalidInputError.
    """
    scheme, separator, rest = text.strip().rstrip("/").partition("://")
    place, slash, path = rest.partition("/")
    try:
        host = checked_host(place)
        port = urlsplit(f"//{place}").port
    except (RequestRefusedError, ValueError):
        host, port = "", None
    is_path = _PATH.fullmatch(f"{slash}{path}") is not None
    if not (separator and host and is_path and scheme.lower() in _PORTS):
        shown = text.rpartition("@")[2].partition("?")[0]  # without a password or a token
        raise InvalidInputError(
            "--public-url", f"{shown[:80]!r} is not a URL like https://host:port/prefix",
            "write --public-url https://ai.example.com",
        )  # fmt: skip
    scheme = scheme.lower()
    return PublicUrl(f"{scheme}://{place.lower()}{slash}{path}", host, port or _PORTS[scheme])
