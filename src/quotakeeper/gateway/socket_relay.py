"""Relays one WebSocket: reserved before it opens, every message counted, ended at a limit."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from quotakeeper.gateway.answers import (
    GatewayAnswerError,
    cannot_count,
    error_refusal,
    send_refusal,
)
from quotakeeper.gateway.credentials import Taken
from quotakeeper.gateway.relayed_call import Sender
from quotakeeper.gateway.routes import Routed
from quotakeeper.gateway.running_calls import RunningCall
from quotakeeper.gateway.upstream_seam import (
    AnswerLostError,
    HandshakeRefusedError,
    NotReachedError,
    OpenedSocket,
    Outgoing,
    UpstreamClient,
)
from quotakeeper.gateway.upstreams import returned_headers
from quotakeeper.http_server.seam import Exchange, SocketEnd
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.session_opening import aadmit_session
from quotakeeper.metering.socket_attempt import SocketAttempt, SocketCut
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import live_session
from quotakeeper.value_classes import dataclass

POLICY = 1008
_NORMAL_CODES = (1000, 1001, 1005)
_FAREWELL_SECONDS = 10.0  # for the provider to report the usage and close
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SocketFinish:
    """Why a socket ends. `code` and `reason` go into the close frame of the other side."""

    code: int
    reason: str = ""


class SocketRelay:
    """Relays WebSockets to providers, and meters them."""

    def __init__(self, meter: CallMeter, client: UpstreamClient) -> None:
        self._meter = meter
        self._client = client

    async def relay(
        self, exchange: Exchange, routed: Routed, taken: Taken, sender: Sender, call: RunningCall
    ) -> None:
        """Relay one socket until it ends. Raises GatewayAnswerError before it opens."""
        attempt = await self._admitted(exchange, routed, taken, sender)
        if attempt is None:
            return
        try:
            opened = await self._opened(exchange, routed, taken, attempt)
            if opened is None:
                return
            protocol = taken.answered_protocol or opened.protocol
            client = await exchange.open_socket(
                (protocol,) if protocol else (), returned_headers(opened.headers)
            )
            await _Pumps(client, opened.socket, attempt, sender, call).run()
        finally:
            attempt.hand_over()

    async def _admitted(
        self, exchange: Exchange, routed: Routed, taken: Taken, sender: Sender
    ) -> SocketAttempt | None:
        """Reserve the session. Returns None if it was refused; the refusal is then sent."""
        upstream, meter = routed.upstream, self._meter
        named = {name.lower(): value for name, value in taken.headers}
        request = Request(
            "GET", upstream.url(routed.target, socket=True), named, sender=sender.key.name
        )
        found = live_session(
            request, known_hosts=upstream.known_hosts, count=meter.count, among=(upstream.adapter,)
        )
        if found is None:
            text = "this WebSocket of the provider cannot be metered, so it is not served"
            raise GatewayAnswerError(404, "not_metered", text)
        adapter, session = found
        # The first messages of a session may name its model; see `_Pumps._forbidden`.
        refusal = sender.checked(adapter, session.call) if session.call.model else None
        if refusal is None:
            meter.settler.start()
            attempt = SocketAttempt(meter, adapter, session, sender.origin)
            waits = (sender.key.on_limit or meter.keeper.settings.on_limit) == "wait"
            admitted = await aadmit_session(meter, adapter, attempt, waits=waits)
            if not isinstance(admitted, Refused):
                return admitted
            if admitted.is_uncounted:
                raise cannot_count()
            refusal = admitted.refusal
        sender.note.outcome = "refused"
        await send_refusal(exchange, refusal)
        return None

    async def _opened(
        self, exchange: Exchange, routed: Routed, taken: Taken, attempt: SocketAttempt
    ) -> OpenedSocket | None:
        """Open the socket to the provider. Returns None if the provider refused; the client then
        has the refusal."""
        upstream = routed.upstream
        outgoing = Outgoing(
            "GET", upstream.url(routed.target, socket=True), upstream.headers(taken.headers)
        )
        try:
            return await self._client.open_socket(outgoing, taken.protocols)
        except NotReachedError as error:
            attempt.unsent()
            text = f"{upstream.name} cannot be reached ({error}); no session was opened"
            raise GatewayAnswerError(502, "upstream_unreachable", text) from None
        except AnswerLostError as error:
            text = f"{upstream.name} did not answer the handshake ({error})"
            raise GatewayAnswerError(502, "upstream_lost", text) from None
        except HandshakeRefusedError as error:
            headers = {name.lower(): value for name, value in error.headers}
            attempt.answered(error.status, headers, error.body)
            attempt.hand_over(True)
            text = f"{upstream.name} refused the handshake with status {error.status}"
            status = error.status if error.status >= 400 else 502
            await send_refusal(exchange, error_refusal(status, "handshake_refused", text))
            return None


class _Pumps:
    """Passes the messages of one socket in both directions."""

    def __init__(
        self, client: SocketEnd, provider: SocketEnd, attempt: SocketAttempt, sender: Sender,
        call: RunningCall,
    ) -> None:  # fmt: skip
        self._client = client
        self._provider = provider
        self._attempt = attempt
        self._sender = sender
        self._call = call
        self._cut: SocketCut | None = None

    async def run(self) -> None:
        """Pass messages until one side ends, then close the other side."""
        up = asyncio.create_task(self._upwards())
        down = asyncio.create_task(self._downwards())
        ending = SocketFinish(1001)
        is_complete = False
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if not down.done():
                ending = up.result()
                if not (self._cut is not None and self._cut.farewell):
                    await self._provider.begin_close(ending.code)
                await asyncio.wait((down,), timeout=_seconds_to_close(self._cut))
            if down.done():
                ended = down.result()
                is_complete = ended.code in _NORMAL_CODES
                ending = ended if self._cut is None and not up.done() else ending
            if self._cut is not None:
                ending = SocketFinish(POLICY, self._cut.reason)
        except asyncio.CancelledError:
            if not self._call.ended:
                raise
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
            ending = SocketFinish(POLICY, f"quotakeeper: {self._call.ended}")
        finally:
            up.cancel()
            down.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(up, down, return_exceptions=True)
            self._sender.note.outcome = "cut" if self._cut is not None else "closed"
            self._attempt.hand_over(is_complete)
            await self._provider.close(ending.code, "")
            await self._client.close(ending.code, ending.reason)

    async def _upwards(self) -> SocketFinish:
        """Pass the client's messages to the provider. Returns why they end."""
        while True:
            message = await self._client.receive()
            if message.data is None:
                return SocketFinish(message.code, message.reason)
            cut = await self._attempt.asent(message.data) or self._forbidden()
            try:
                if cut is None:
                    await self._provider.send(message.data)
                elif not cut.silent:
                    self._cut = self._cut or cut
                    if cut.farewell:
                        await self._provider.send(cut.farewell)
                    return SocketFinish(POLICY, cut.reason)
            except ConnectionError:
                return SocketFinish(1001)

    async def _downwards(self) -> SocketFinish:
        """Pass the provider's messages to the client. Returns why they end."""
        while True:
            message = await self._provider.receive()
            if message.data is None:
                return SocketFinish(message.code, message.reason)
            self._attempt.received(message.data)
            with suppress(ConnectionError):  # the client has gone, but the rest is still counted
                await self._client.send(message.data)

    def _forbidden(self) -> SocketCut | None:
        """Return the end of a session that a message switches to a model that the key may not
        use."""
        call = self._attempt.budget.call
        if call.model == self._sender.note.model:
            return None
        self._sender.note.model = call.model
        if self._sender.key.allows_call(call.provider, call.model):
            return None
        return SocketCut(f"quotakeeper: the key may not use the model {call.model}")


def _seconds_to_close(cut: SocketCut | None) -> float:
    return _FAREWELL_SECONDS if cut is not None and cut.farewell else _CLOSE_SECONDS
