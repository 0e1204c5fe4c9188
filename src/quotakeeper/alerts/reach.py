"""Which addresses a webhook may reach: public ones, and the private networks that its config names.

The name of the receiver is resolved once, and the connection goes to the address that was checked.
So a name that later gets another address cannot lead the request elsewhere.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from quotakeeper.value_classes import dataclass

Resolve = Callable[[str, int], Sequence[str]]
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class ReachedAddress:
    """An address to connect to. `is_named` says whether the config names its network."""

    address: str
    is_named: bool


def resolved(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))


def reach(
    host: str, port: int, networks: Sequence[str], resolve: Resolve = resolved
) -> list[ReachedAddress]:
    """Return the addresses of a receiver. Raises OSError if it has none, or one that is not allowed."""
    try:
        texts = resolve(host, port)
        addresses = [ip_address(each) for each in texts]
    except (OSError, UnicodeError, ValueError) as error:
        raise OSError(f"{host} has no address: {error}") from None
    if not addresses:
        raise OSError(f"{host} has no address")
    named = [ip_network(each) for each in networks]
    found = []
    for address in addresses:
        plain = _embedded(address)
        is_named = any(
            each.version == one.version and one in each
            for each in named
            for one in (address, plain)
        )
        if not is_named and not _is_public(plain):
            name = host if host == str(address) else f"{host} ({address})"
            raise OSError(
                f"{name} is not a public address; name its network in the channel's networks to "
                "allow it"
            )
        found.append(ReachedAddress(str(address), is_named))
    return found


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for; otherwise the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
