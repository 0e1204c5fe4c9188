"""Sends requests to the providers with aiohttp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.upstream_seam import (
    AnswerLostError,
    HandshakeRefusedError,
    NotReachedError,
    OpenedSocket,
    Outgoing,
    UpstreamReply,
)
from quotakeeper.http_server.aiohttp_exchange import AiohttpSocket, sizes_below
from quotakeeper.http_server.heads import Headers
from quotakeeper.http_server.seam import SocketEnd
from quotakeeper.value_classes import dataclass

_KEEP_ALIVE_SECONDS = 15.0  # shorter than the providers', so that a used connection still lives
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_MOST_REFUSAL = 64 * 1024
_SWITCHING = 101
# aiohttp raises these only before it has a connection.
_UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class AiohttpUpstream:
    """Sends requests with aiohttp. Implements `UpstreamClient`. Make it on the event loop."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS, ttl_dns_cache=60
            ),
            cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
            skip_auto_headers=_AUTOMATIC, max_line_size=16_384, max_field_size=16_384,
            timeout=aiohttp.ClientTimeout(
                total=settings.total_seconds, sock_connect=settings.connect_seconds,
                sock_read=settings.answer_seconds,
            ),
        )  # fmt: skip

    async def send(self, request: Outgoing) -> UpstreamReply:
        """Send a request, and return its answer when the head has arrived."""
        headers = CIMultiDict(request.headers)
        if request.length is not None:  # aiohttp forgets the length of a body in parts
            headers["Content-Length"] = str(request.length)
        try:
            response = await self._session.request(
                request.method, URL(request.url, encoded=True), headers=headers,
                data=request.body, allow_redirects=False,
            )  # fmt: skip
        except _UNSENT as error:
            raise NotReachedError(type(error).__name__) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise AnswerLostError(type(error).__name__) from error
        if response.status == _SWITCHING:  # nobody asked for another protocol
            response.close()
            raise AnswerLostError("the provider switched to another protocol")
        return AiohttpReply(response)

    async def open_socket(self, request: Outgoing, protocols: Sequence[str]) -> OpenedSocket:
        """Open a WebSocket."""
        settings = self._settings
        try:
            opened: Any = await self._session.ws_connect(
                URL(request.url, encoded=True), headers=CIMultiDict(request.headers),
                protocols=tuple(protocols), compress=0, autoping=True, autoclose=False,
                heartbeat=settings.ping_seconds, max_msg_size=sizes_below(settings.most_message_bytes),
            )  # fmt: skip
        except aiohttp.WSServerHandshakeError as error:
            headers = tuple((error.headers or {}).items())
            raise HandshakeRefusedError(error.status, headers, b"") from None
        except _UNSENT as error:
            raise NotReachedError(type(error).__name__) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise AnswerLostError(type(error).__name__) from error
        answered = getattr(opened, "_response", None)
        received = () if answered is None else tuple(answered.headers.items())
        return _Opened(AiohttpSocket(opened), opened.protocol or "", received)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


class AiohttpReply:
    """The answer of a provider on aiohttp. Implements `UpstreamReply`."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Headers = tuple(
            (name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
            for name, value in response.raw_headers
        )
        self.length = response.content_length

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body's bytes as they arrive. Raises AnswerLostError."""
        try:
            while data := await self._response.content.readany():
                yield data
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise AnswerLostError(type(error).__name__) from error

    def close(self) -> None:
        """Close the connection to the provider at once, if the answer is not whole."""
        self._response.close()


@dataclass(frozen=True, slots=True)
class _Opened:
    socket: SocketEnd
    protocol: str
    headers: Headers
