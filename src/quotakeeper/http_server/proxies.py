"""Finds a client's address behind servers that pass its requests on, such as nginx."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from quotakeeper.value_classes import dataclass

# Some servers write the client's port too: 192.0.2.1:80 or [2001:db8::1]:80.
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")
_MOST_HOPS = 32  # addresses of X-Forwarded-For that are read
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks of the servers whose `X-Forwarded-For` is believed. Default: none."""

    networks: tuple[_Network, ...] = ()

    def trusts(self, address: str) -> bool:
        """Return whether a connection from this address is one of such a server."""
        found = _address(address) if self.networks else None
        return found is not None and self._has(found)

    def client_of(self, address: str, forwarded: Sequence[str]) -> str:
        """Return the address of a client.

        `address` is that of the connection, `forwarded` has the values of `X-Forwarded-For`. Each
        server adds an address at the end, so the list is read from there, and only as far as the
        servers are trusted. What a client has written itself is never read. Returns "" if a trusted
        server has written what is no address: the server's own address may have rights that the
        client has not.
        """
        if not self.trusts(address):
            return address
        hops = [each.strip() for value in forwarded for each in value.split(",")]
        if not any(hops):
            return address
        for text in reversed(hops[-_MOST_HOPS:]):
            found = _address(_without_port(text))
            if found is None:
                return ""
            address = str(found)
            if not self._has(found):
                return address
        return address

    def _has(self, address: _Address) -> bool:
        return any(address in each for each in self.networks)


def trusted_proxies(texts: Sequence[str]) -> TrustedProxies:
    """Return the proxies at addresses or networks, such as `10.0.0.0/8`. Raises ValueError."""
    return TrustedProxies(tuple(ipaddress.ip_network(each.strip()) for each in texts))


def _without_port(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    return text if found is None else found[1] or found[2]


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])  # a zone is a name of one machine
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
