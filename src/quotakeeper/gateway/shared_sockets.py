"""Makes the listening sockets that the workers of a gateway share."""

from __future__ import annotations

import socket

from quotakeeper.errors import InvalidInputError

_BACKLOG = 1024


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on an address. Port 0 chooses a free port.

    Raises InvalidInputError if the address cannot be used.
    """
    made: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in dict.fromkeys(found):
            each = socket.socket(family, kind, protocol)
            made.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            chosen = port or (made[0].getsockname()[1] if len(made) > 1 else 0)
            each.bind((address[0], chosen, *address[2:]))
            each.listen(_BACKLOG)
            each.setblocking(False)
    except OSError as error:
        for each in made:
            each.close()
        raise InvalidInputError(
            "--port", f"{host}:{port} cannot be used: {error.strerror or error}",
            "use another address or port, or port 0",
        ) from None  # fmt: skip
    return made
