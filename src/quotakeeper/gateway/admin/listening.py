"""Serves the admin API on a listener of its own, on loopback unless another address is given."""

from __future__ import annotations

import asyncio

from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.gateway.admin.service import AdminService
from quotakeeper.gateway.admin.tokens import AdminTokens
from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.hosts import is_loopback_host
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.value_classes import dataclass

_END_SECONDS = 2.0
_MOST_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class AdminListening:
    """Where the admin API listens, and who may use it. Port 0 chooses a free port."""

    host: str
    port: int
    tokens: AdminTokens
    store: KeyStore
    hosts: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can connect."""
        return is_loopback_host(self.host)


class AdminServer:
    """The running admin API."""

    def __init__(self, server: GuardedServer, listener: asyncio.Server, host: str) -> None:
        self._server = server
        self._listener = listener
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.sockets[0].getsockname()[1]}/admin/v1"

    async def stop(self) -> None:
        """Stop listening, and end the requests under way."""
        self._listener.close()
        await self._server.shutdown(_END_SECONDS)


async def start_admin(
    listening: AdminListening, parts: AdminParts, access_log: AccessLog | None = None
) -> AdminServer:
    """Start the admin API. Raises InvalidInputError if it cannot listen there.

    On loopback, only loopback's own names are served, so that no web page reaches the API through a
    name of its own.
    """
    named = frozenset(each.lower() for each in (listening.host, *listening.hosts))
    settings = HttpServerSettings(
        hosts=named | {"*"} if listening.is_local else None, most_connections=_MOST_CONNECTIONS
    )
    server = GuardedServer(AdminService(parts, listening.tokens, access_log), settings)
    try:
        listener = await server.start(listening.host, listening.port)
    except OSError as error:
        raise InvalidInputError(
            "--admin", f"{listening.host}:{listening.port} cannot be used: {error.strerror or error}",
            "use another address or port, or port 0",
        ) from None  # fmt: skip
    return AdminServer(server, listener, listening.host)
