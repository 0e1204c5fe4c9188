"""Parses the URL of a request, and decides whether a provider serves it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from quotakeeper.providers.facts import is_host
from quotakeeper.value_classes import dataclass

_MOST_QUERY = 200
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_FALSE = ("", "false", "0", "no")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL. `sure` is False if only the form of the path indicates the provider.

    `path` holds the decoded segments between the slashes, `query` the pairs of name and value.
    """

    host: str
    port: int | None
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    sure: bool = True

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of a query parameter; () if it is absent."""
        return tuple(value for key, value in self.query if key == name)

    def value(self, name: str) -> str:
        """Return the last value of a query parameter; "" if it is absent."""
        found = self.values(name)
        return found[-1].strip() if found else ""

    def is_set(self, name: str) -> bool:
        """Return whether a query parameter is present with a value other than "", false, 0 or no."""
        return any(value.strip().lower() not in _FALSE for value in self.values(name))

    def tails(self, versions: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield, for each version segment in the path, the segments after it.

        Gateways put more segments before the version.
        """
        for index, part in enumerate(self.path):
            if part in versions:
                yield self.path[index + 1 :]


def locate(
    url: str, name: str, own_hosts: tuple[str, ...], known_hosts: Mapping[str, str]
) -> Address | None:
    """Return the parsed URL if the provider `name` serves it; else None.

    Three kinds of hosts match: an entry of `known_hosts` with this provider, the provider's own
    host, and loopback. Entries of `own_hosts` that begin with "." or "-" are endings
    (".api.deepgram.com"). Returns None also for a text that is not a URL.
    """
    place = _address(url)
    if place is None:
        return None
    listed, length = _listed(place, known_hosts)
    if listed:
        if listed != name:
            return None
        return Address(place.host, place.port, place.path[length:], _query(url))
    if any(is_host(place.host, own) for own in own_hosts):
        return Address(place.host, place.port, place.path, _query(url))
    if is_loopback(place.host):
        return Address(place.host, place.port, place.path, _query(url), sure=False)
    return None


def host_and_port(url: str) -> tuple[str, int] | None:
    """Return the host and the port of a URL; None if it is not a URL.

    A loopback host is returned as "localhost".
    """
    place = _address(url)
    if place is None:
        return None
    port = place.port or _PORTS[url.partition(":")[0].lower()]
    return "localhost" if is_loopback(place.host) else place.host, port


def public_host(url: object) -> str | None:
    """Return the host of a URL; None for a loopback host, and if `url` is not a URL."""
    place = _address(url)
    return None if place is None or is_loopback(place.host) else place.host


def _address(url: object) -> Address | None:
    """Return host, port and path of a URL; None if it is not a URL."""
    if not isinstance(url, str):
        return None
    bare = url.partition("#")[0].partition("?")[0]
    # A program calls few URLs, so parsed URLs are cached. The query is cut off: it may hold keys.
    return _taken_apart(bare) if "@" in bare else _remembered(bare)


def _taken_apart(url: str) -> Address | None:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
    except (ValueError, TypeError, AttributeError):
        return None
    if not host or parts.scheme.lower() not in ("http", "https", "ws", "wss"):
        return None
    path = tuple(unquote(part) for part in parts.path.split("/") if part)
    return Address(host, port, path)


_remembered = lru_cache(maxsize=512)(_taken_apart)


def _query(url: str) -> tuple[tuple[str, str], ...]:
    text = url.partition("#")[0].partition("?")[2]
    if not text:
        return ()
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_QUERY))
    except ValueError:
        return ()


@lru_cache(maxsize=512)
def is_loopback(host: str) -> bool:
    """Return whether a host name or address means the local machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if not (host[-1:].isdigit() or ":" in host):
        return False  # a host name, like most hosts
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _listed(place: Address, known_hosts: Mapping[str, str]) -> tuple[str, int]:
    """Return (the adapter that `known_hosts` lists for a URL, the number of segments in the
    prefix).

    The entry with the longest matching prefix counts. Without a match, the adapter is "".
    """
    if not known_hosts:
        return "", 0
    best, longest = "", -1
    for pattern, adapter in known_hosts.items():
        at, _, prefix = pattern.partition("://")[2 if "://" in pattern else 0].partition("/")
        parts = tuple(part for part in prefix.split("/") if part)
        named = at.lower().rstrip(".")
        bare = f"[{place.host}]" if ":" in place.host else place.host
        if named not in (bare, f"{bare}:{place.port}") or place.path[: len(parts)] != parts:
            continue
        weight = 2 * len(parts) + (named != bare)
        if weight > longest:
            best, longest = adapter, weight
    return best, max(longest, 0) // 2
