"""The limits of a server: times, sizes and numbers of connections."""

from __future__ import annotations

from quotakeeper.http_server.proxies import TrustedProxies
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class HttpServerSettings:
    """The limits of one server. Times are in seconds.

    - `head_seconds`: a head must arrive within this time.
    - `body_idle_seconds`: the longest pause inside a body, while the server wants more of it.
    - `idle_seconds`: how long a connection may stay open between requests.
    - `most_pending`: connections of one address that have not sent a whole head after
      `pending_seconds`. Further ones are closed then.
    - `most_per_address`: open connections of one address. A server in front of this one, such as
      nginx, has one address for all its clients.
    - `proxies`: such servers. Only `most_connections` limits their connections, and the address of
      a client is what they say.
    - `most_connections`: open connections in all.
    - `hosts`: the hosts to serve, in lower case; None: all. `*` stands for every loopback name.
    - `ping_seconds`: the pause between two pings on a WebSocket.
    - `most_message_bytes`: the largest message on a WebSocket.
    """

    head_seconds: float = 10.0
    body_idle_seconds: float = 30.0
    idle_seconds: float = 75.0
    most_pending: int = 64
    pending_seconds: float = 1.0
    most_per_address: int = 1_024
    most_connections: int = 4_096
    hosts: frozenset[str] | None = None
    ping_seconds: float = 20.0
    most_message_bytes: int = 16 * 1024 * 1024
    proxies: TrustedProxies = TrustedProxies()
