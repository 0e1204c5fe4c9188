"""Reads the Host header: a plain host name or address, and a port."""

from __future__ import annotations

import ipaddress
import re

from quotakeeper.http_server.head_errors import RequestRefusedError

# An underscore is no character of a DNS name, but names of containers have it.
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_MOST_PORT = 65_535
_PROBLEM = "the Host header is not a host name or address with an optional port"


def checked_host(text: str) -> str:
    """Return the host of a Host header in lower case, without the port. Raises RequestRefusedError.

    The unspecified addresses `0.0.0.0` and `[::]` are refused: they name no host.
    """
    name, has_port, port = _parted(text)
    if has_port and not (_PORT.fullmatch(port) and int(port) <= _MOST_PORT):
        raise RequestRefusedError(_PROBLEM)
    if name.startswith("["):
        address = _address(name[1:-1])
        if address is None or address.version != 6 or "%" in name:  # a zone is local to a machine
            raise RequestRefusedError(_PROBLEM)
    elif not _NAME.fullmatch(name) or ".." in name:
        raise RequestRefusedError(_PROBLEM)
    else:
        address = _address(name)
    if address is not None and address.is_unspecified:
        raise RequestRefusedError("the Host header has an unspecified address")
    return name.lower().rstrip(".")


def _parted(text: str) -> tuple[str, bool, str]:
    if text.startswith("["):
        inside, closing, rest = text.partition("]")
        if not closing or (rest and not rest.startswith(":")):
            raise RequestRefusedError(_PROBLEM)
        return f"{inside}]", bool(rest), rest[1:]
    name, colon, port = text.partition(":")
    return name, bool(colon), port


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_loopback_host(host: str) -> bool:
    """Return whether a host of `checked_host` names this machine's loopback."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host.strip("[]"))
    return address is not None and address.is_loopback
