"""The server on aiohttp. Every byte of a client passes the guard before aiohttp sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from quotakeeper.http_server.aiohttp_exchange import AiohttpExchange
from quotakeeper.http_server.guards import ConnectionGuard
from quotakeeper.http_server.head_errors import REASONS, RequestRefusedError
from quotakeeper.http_server.heads import MOST_HEAD_BYTES, MOST_HEADERS, RequestHead
from quotakeeper.http_server.hosts import is_loopback_host
from quotakeeper.http_server.seam import Handler, Refused
from quotakeeper.http_server.server_settings import HttpServerSettings

if TYPE_CHECKING:
    import ssl

_CLOSING_SECONDS = 1.0  # a refused client may read the refusal within this time
_TLS_SECONDS = 10.0
_BACKLOG = 1024
_LIBRARY_EXTRA = 4  # headers that the guard adds
log = logging.getLogger("quotakeeper.http_server")


class GuardedServer(web.Server):
    """Serves guarded connections. `answer` gets each request as an `Exchange`.

    `refused` gets each request that the server refuses itself.
    """

    def __init__(
        self, answer: Handler, settings: HttpServerSettings, refused: Refused | None = None
    ) -> None:
        super().__init__(self._answered, handler_cancellation=True)
        self.settings = settings
        self.pending: Counter[str] = Counter()
        self.by_address: Counter[str] = Counter()
        self.refused = refused
        self._answer = answer

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return GuardedConnection(self, self._loop, self.settings)

    async def start(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> asyncio.Server:
        """Listen on an address. Port 0 chooses a free port. Raises OSError."""
        return await self._loop.create_server(self, host, port, backlog=_BACKLOG, **_tls(tls))

    async def start_on(
        self, listeners: Sequence[socket.socket], *, tls: ssl.SSLContext | None = None
    ) -> list[asyncio.Server]:
        """Accept connections of sockets that listen already, and that other processes may share."""
        made = []
        for each in listeners:
            # asyncio accepts as many connections at once as the backlog says. One at a time leaves
            # the others to the processes that wait for them.
            made.append(await self._loop.create_server(self, sock=each, backlog=1, **_tls(tls)))
            each.listen(_BACKLOG)  # asyncio has set 1
        return made

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, GuardedConnection)
        head = connection.guard.heads.popleft()
        exchange = AiohttpExchange(request, head, self.settings, connection)
        connection.exchange = exchange
        if (head.method, head.target) != (request.method, request.raw_path):
            await exchange.reply(400, (), b"")  # the two parsers disagree
            exchange.close_after()
            return exchange.response
        try:
            await self._answer(exchange)
        except ConnectionError:
            exchange.abort()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("quotakeeper: a request could not be answered")
            await exchange.fail()
        return exchange.response


class GuardedConnection(RequestHandler):
    """One connection: the guard, its time limits, and the answers to refused requests."""

    def __init__(
        self, server: GuardedServer, loop: asyncio.AbstractEventLoop, settings: HttpServerSettings
    ) -> None:
        super().__init__(
            server, loop=loop, keepalive_timeout=settings.idle_seconds, access_log=None,  # type: ignore[arg-type]
            max_line_size=MOST_HEAD_BYTES, max_field_size=MOST_HEAD_BYTES,
            max_headers=MOST_HEADERS + _LIBRARY_EXTRA, auto_decompress=False,
        )  # fmt: skip
        self.guard = ConnectionGuard()
        self.has_begun_answer = False
        self._server = server
        self._settings = settings
        self._is_raw = False  # the connection is an open WebSocket
        self._timer: asyncio.TimerHandle | None = None
        self._address = ""
        self._pending_timer: asyncio.TimerHandle | None = None
        self._is_pending = False  # no whole head has arrived in time
        self._is_counted = False
        self._is_refused = False
        self.exchange: AiohttpExchange | None = None  # the request that is answered now
        self._last_data = 0.0

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if isinstance(peer, tuple) else ""
        if self._is_too_many():
            transport.abort()  # type: ignore[attr-defined]
        self._is_counted = True
        # A burst of calls opens many connections before any head arrives. So these count later.
        self._pending_timer = self._loop.call_later(
            self._settings.pending_seconds, self._is_without_head
        )
        self._server.by_address[self._address] += 1
        super().connection_made(transport)
        self._start_timer(self._settings.head_seconds, self._head_is_late)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        self._head_arrived()
        if self._is_counted:
            self._is_counted = False
            _count_down(self._server.by_address, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not data or self._is_raw:  # no data: aiohttp asks itself to continue
            super().data_received(data)
            return
        self._last_data = self._loop.time()
        was_in_head = self.guard.is_in_head
        self._pass_on(self.guard.feed(data))
        self._watch(was_in_head)

    def socket_opened(self) -> None:
        """Let all further bytes pass, because a WebSocket is open."""
        self._is_raw = True
        self._stop_timer()
        data = self.guard.socket_opened()
        if data:
            super().data_received(data)

    async def finish_response(self, request: Any, resp: Any, start_time: Any) -> Any:
        """End an answer. Then the guard continues with the next request."""
        ended = await super().finish_response(request, resp, start_time)
        # The rest of a body may still arrive. If it is bad, it gets no second answer.
        self.has_begun_answer = self.guard.is_in_body
        if not self._is_raw:
            self._pass_on(self.guard.answered())
            self._watch(False)
        return ended

    # -- inside

    def _is_too_many(self) -> bool:
        server, settings = self._server, self._settings
        if len(server.connections) >= settings.most_connections:
            return True
        is_over = server.by_address[self._address] >= settings.most_per_address
        return is_over and not settings.proxies.trusts(self._address)

    def _is_without_head(self) -> None:
        """Count this connection as one that waits for a head, or close it if there are too many."""
        self._pending_timer = None
        pending, settings = self._server.pending, self._settings
        is_over = pending[self._address] >= settings.most_pending
        if is_over and not settings.proxies.trusts(self._address) and self.transport is not None:
            self.transport.abort()
            return
        self._is_pending = True
        pending[self._address] += 1

    def _pass_on(self, data: bytes) -> None:
        refusal = self.guard.refusal
        if data and refusal is None:
            refusal = self._refused_host(self.guard.heads)
        if data and refusal is None:
            super().data_received(data)
        if refusal is not None:
            self._refuse(refusal)

    def _refused_host(self, heads: Any) -> RequestRefusedError | None:
        head: RequestHead | None = heads[-1] if heads else None
        hosts = self._settings.hosts
        if head is None or hosts is None or head.host in hosts:
            return None
        if "*" in hosts and is_loopback_host(head.host):
            return None
        return RequestRefusedError("this server has another host name", 421)

    def _refuse(self, refusal: RequestRefusedError) -> None:
        self.guard.refusal = refusal
        self._stop_timer()
        if self.transport is None or self._is_refused:
            return
        self._is_refused = True
        if self._current_request is None and not self.guard.is_in_body:
            self.has_begun_answer = False  # the last answer and its request are whole
        if self.has_begun_answer:
            if self._current_request is None:
                self.force_close()
            else:
                self.close()  # after the present answer
            return
        if self._current_request is not None and self.exchange is not None:
            self.exchange.status = refusal.status  # the handler ends, and notes its request
        elif self._server.refused is not None:
            self._server.refused(self._address, refusal)
        body = json.dumps({"error": {"code": refusal.status, "message": refusal.problem}}).encode()
        lines = (
            f"HTTP/1.1 {refusal.status} {REASONS[refusal.status]}", "Connection: close",
            "Content-Type: application/json", f"Content-Length: {len(body)}", "", "",
        )  # fmt: skip
        self.transport.write("\r\n".join(lines).encode() + body)
        self.has_begun_answer = True
        if self._current_request is not None:
            self.force_close()  # the handler waits for a body that will not come
        else:
            self._start_timer(_CLOSING_SECONDS, self.force_close)
            if self.transport.can_write_eof():
                self.transport.write_eof()

    # -- time limits

    def _watch(self, was_in_head: bool) -> None:
        """Start or stop the time limit for what the connection waits for."""
        guard = self.guard
        if guard.refusal is not None:
            return
        if guard.is_in_head:
            if not was_in_head or self._timer is None:
                self._start_timer(self._settings.head_seconds, self._head_is_late)
            return
        self._head_arrived()
        if guard.is_in_body:
            self._start_timer(self._settings.body_idle_seconds, self._body_is_late)
        else:
            self._stop_timer()

    def _head_arrived(self) -> None:
        if self._pending_timer is not None:
            self._pending_timer.cancel()
            self._pending_timer = None
        if self._is_pending:
            self._is_pending = False
            _count_down(self._server.pending, self._address)

    def _head_is_late(self) -> None:
        self._refuse(RequestRefusedError("the head did not arrive in time", 408))

    def _body_is_late(self) -> None:
        pause = self._loop.time() - self._last_data
        left = self._settings.body_idle_seconds - pause
        if self._reading_paused:  # the server itself does not want more now
            left = self._settings.body_idle_seconds
        if left > 0:
            self._start_timer(left, self._body_is_late)
        else:
            self._refuse(RequestRefusedError("the body did not arrive in time", 408))

    def _start_timer(self, seconds: float, act: Any) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, act)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _tls(context: ssl.SSLContext | None) -> dict[str, Any]:
    return {"ssl": context, "ssl_handshake_timeout": _TLS_SECONDS} if context else {}


def _count_down(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if counted[name] <= 0:
        del counted[name]
