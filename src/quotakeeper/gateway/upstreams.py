"""The providers behind the gateway: their addresses and keys, and how to send a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.http_server.heads import Headers
from quotakeeper.known_names import nearest_text
from quotakeeper.providers.adapter import ProviderAdapter
from quotakeeper.providers.contract import Adapter
from quotakeeper.providers.registry import adapters
from quotakeeper.value_classes import dataclass

_SOCKETS = {"http": "ws", "https": "wss"}
_PORTS = {"http": 80, "https": 443}
# Header and prefix by which each provider takes a key. Others take `Authorization: Bearer`.
_KEY_FORMS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "gemini": ("x-goog-api-key", ""),
    "deepgram": ("Authorization", "Token "),
    "anthropic": ("x-api-key", ""),
})  # fmt: skip
_BEARER = ("Authorization", "Bearer ")
# What a client must not tell the provider: credentials, its network, whose account pays, and
# another method, address or form of answer than the one that is metered.
_DROPPED = frozenset({
    "accept-encoding", "authorization", "api-key", "content-length", "cookie", "cookie2", "forwarded", "host",
    "openai-organization", "openai-project", "proxy-authenticate", "proxy-authorization",
    "transfer-encoding", "upgrade-insecure-requests", "via", "x-api-key", "x-goog-api-key",
    "x-goog-fieldmask", "x-goog-user-project", "x-http-method", "x-http-method-override",
    "x-method-override", "x-original-url", "x-real-ip", "x-rewrite-url",
})  # fmt: skip
_DROPPED_BEGINNINGS = ("x-forwarded-", "sec-websocket-", "cf-", "proxy-")
_DECODED = ("gzip", "deflate")
_ZERO = re.compile(r"q\s*=\s*0(?:\.0*)?")
# What a provider says about its own connection, or to the operator alone.
_NOT_RETURNED = frozenset({
    "alt-svc", "connection", "content-length", "keep-alive", "proxy-authenticate",
    "proxy-connection", "set-cookie", "strict-transport-security", "te", "trailer",
    "transfer-encoding", "upgrade", "sec-websocket-accept",
    "sec-websocket-extensions", "sec-websocket-protocol", "x-goog-upload-url", "x-goog-upload-control-url",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upstream:
    """One provider behind the gateway. `base_url` has no slash at its end."""

    adapter: Adapter
    base_url: str
    key: str = ""

    def __repr__(self) -> str:
        """Return the provider and its address, without the key."""
        return f"Upstream({self.adapter.name} at {self.base_url})"

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.adapter.name

    @property
    def known_hosts(self) -> dict[str, str]:
        """The address, in the form of `Adapter.recognise`."""
        parts = urlsplit(self.base_url)
        port = parts.port or _PORTS[parts.scheme]
        return {
            f"{parts.hostname}:{port}{parts.path}": self.name,
            f"{parts.hostname}{parts.path}": self.name,
        }

    def url(self, target: str, *, socket: bool = False) -> str:
        """Return the address that a target has at the provider."""
        url = f"{self.base_url}{target}"
        scheme, rest = url.split(":", 1)
        return f"{_SOCKETS[scheme]}:{rest}" if socket else url

    def headers(self, sent: Headers, *, is_streaming: bool = False) -> Headers:
        """Return the headers for the provider: those of the client that may pass, and the key.

        `is_streaming`: ask for an answer that is not compressed, so that it can be ended with an
        error.
        """
        kept = [each for each in sent if _may_pass(each[0].lower())]
        kept.append(("Accept-Encoding", "identity" if is_streaming else _codings(sent)))
        if self.key:
            name, prefix = _KEY_FORMS.get(self.name, _BEARER)
            kept.append((name, f"{prefix}{self.key}"))
        return tuple(kept)


def returned_headers(received: Headers) -> Headers:
    """Return the headers of a provider's answer that the client gets."""
    named = {each.strip().lower() for name, value in received if name.lower() == "connection"
             for each in value.split(",")}  # fmt: skip
    return tuple(each for each in received if each[0].lower() not in _NOT_RETURNED | named)


def _may_pass(name: str) -> bool:
    return name not in _DROPPED and not name.startswith(_DROPPED_BEGINNINGS)


def _codings(sent: Headers) -> str:
    """Return the codings that the client accepts and the gateway can decode, so that no answer
    hides its usage."""
    accepted = [
        each.partition(";") for name, value in sent if name.lower() == "accept-encoding"
        for each in value.lower().split(",")
    ]  # fmt: skip
    # A weight of 0 forbids a coding. Other weights are left out: the provider may choose.
    wanted = {name.strip() for name, _, weight in accepted if not _ZERO.fullmatch(weight.strip())}
    return ", ".join(each for each in _DECODED if each in wanted) or "identity"


def make_upstreams(
    keys: Mapping[str, str], addresses: Mapping[str, str]
) -> tuple[Upstream, ...]:  # fmt: skip
    """Return the providers that have a key or an address.

    `keys`: provider -> key. `addresses`: provider -> base URL in place of the provider's own.
    Raises InvalidInputError for an unknown provider or an address that is no URL.
    """
    known = {each.name: each for each in adapters()}
    for name in (*keys, *addresses):
        if name not in known:
            raise InvalidInputError(
                "--upstream",
                f"unknown provider {name[:60]!r}",
                nearest_text(name, frozenset(known)),
            )
    made = []
    for name, adapter in known.items():
        if name in addresses:
            made.append(Upstream(adapter, _checked(name, addresses[name]), keys.get(name, "")))
        elif name in keys:
            made.append(Upstream(adapter, _own_address(adapter), keys[name]))
    return tuple(made)


def _checked(name: str, address: str) -> str:
    try:
        parts = urlsplit(address)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in _PORTS or not parts.hostname or not port_is_valid or not plain:
        raise InvalidInputError(
            "--upstream", f"the address of {name} is not a URL like https://host:port/prefix",
            "write --upstream gemini=http://127.0.0.1:8765",
        )  # fmt: skip
    return address.rstrip("/")


def _own_address(adapter: Adapter) -> str:
    hosts = adapter.hosts if isinstance(adapter, ProviderAdapter) else ()
    if not hosts or hosts[0][0] in ".-":
        raise ConfigError(
            "--upstream", f"the provider {adapter.name} states no address",
            f"write --upstream {adapter.name}=https://...",
        )  # fmt: skip
    return f"https://{hosts[0]}"
