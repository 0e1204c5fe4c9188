"""Finds a client's address behind servers that pass its requests on, such as nginx."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from quotakeeper.value_classes import dataclass

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
        servers are trusted. What a client has written itself is never read.
        """
        if not self.trusts(address):
            return address
        hops = [each.strip() for value in forwarded for each in value.split(",")]
        for text in reversed(hops[-_MOST_HOPS:]):
            found = _address(text)
            if found is None:
                return address
            address = str(found)
            if not self._has(found):
                return address
        return address

    def _has(self, address: _Address) -> bool:
        return any(address in each for each in self.networks)


def trusted_proxies(texts: Sequence[str]) -> TrustedProxies:
    """Return the proxies at addresses or networks, such as `10.0.0.0/8`. Raises ValueError."""
    return TrustedProxies(tuple(ipaddress.ip_network(each.strip()) for each in texts))


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
