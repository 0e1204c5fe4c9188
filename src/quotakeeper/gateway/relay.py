"""Relays one HTTP call: reserved before the first byte leaves, cut at a limit, settled once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from quotakeeper.domain.keys.virtual_key import OnGone
from quotakeeper.gateway.answers import GatewayAnswerError, send_refusal
from quotakeeper.gateway.bodies import BodyStore, ReadBody
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.gateway.gone_clients import LeftExchange, read_on
from quotakeeper.gateway.relayed_call import RelayedCall, Sender
from quotakeeper.gateway.routes import Routed
from quotakeeper.gateway.running_calls import RunningCall
from quotakeeper.gateway.served_calls import file_read, free_operation
from quotakeeper.gateway.uploads import UPLOAD, Uploads
from quotakeeper.gateway.upstream_seam import (
    AnswerLostError,
    NotReachedError,
    Outgoing,
    UpstreamClient,
    UpstreamReply,
)
from quotakeeper.gateway.upstreams import returned_headers
from quotakeeper.http_server.heads import Headers
from quotakeeper.http_server.seam import ClientGoneError, Exchange
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.refusal import Refused
from quotakeeper.providers.contract import Request
from quotakeeper.value_classes import dataclass, replace

_NO_BODY = (204, 304)
_FAREWELL_SECONDS = 1.0  # for the client to read the error that ends its stream
_MOST_AT_ONCE, _PART = 512 * 1024, 64 * 1024


@dataclass(frozen=True, slots=True)
class Leg:
    """One call on its way: the client's request, its provider, its sender and its body."""

    exchange: Exchange
    routed: Routed
    headers: Headers
    sender: Sender
    call: RunningCall
    body: ReadBody


class Relay:
    """Relays calls to providers, and meters them."""

    def __init__(
        self, meter: CallMeter, client: UpstreamClient, bodies: BodyStore, uploads: Uploads, *,
        total_seconds: float, gone_seconds: float,
    ) -> None:  # fmt: skip
        self._meter = meter
        self._total_seconds = total_seconds
        self._gone_seconds = gone_seconds
        self._uploads = uploads
        self._client = client
        self._bodies = bodies

    async def relay(
        self,
        exchange: Exchange,
        routed: Routed,
        headers: Headers,
        sender: Sender,
        call: RunningCall,
    ) -> None:
        """Relay one call and answer it. Raises GatewayAnswerError, ClientGoneError.

        A call that lasts too long ends, also if its client does not read the answer.
        """
        try:
            async with asyncio.timeout(self._total_seconds):
                await self._read_and_relayed(exchange, routed, headers, sender, call)
        except TimeoutError:
            sender.note.outcome = "too_long"
            if exchange.status:
                exchange.abort()
                return
            text = f"the call lasted longer than {self._total_seconds:g} s"
            raise GatewayAnswerError(504, "too_long", text) from None

    async def _read_and_relayed(
        self, exchange: Exchange, routed: Routed, headers: Headers, sender: Sender,
        call: RunningCall,
    ) -> None:  # fmt: skip
        body = await self._bodies.read(exchange)
        leg = Leg(exchange, routed, headers, sender, call, body)
        try:
            await self._relay(leg)
        finally:
            self._bodies.release(body)

    async def _relay(self, leg: Leg) -> None:
        exchange, sender, name = leg.exchange, leg.sender, leg.routed.upstream.name
        operation = self._free_operation(leg)
        if operation:
            sender.note.operation = operation
            admitted: HttpAttempt | Refused | None = None
        else:
            admitted = await sender.admit(self._meter, _request(leg))
        if isinstance(admitted, Refused):
            sender.note.outcome = "refused"
            await send_refusal(exchange, admitted.refusal)
            return
        call = RelayedCall(admitted)
        sender.note.call_id = call.id
        try:
            await self._sent_or_drained(leg, call)
        except NotReachedError as error:
            call.unsent()
            raise _unreachable(sender.note, name, error) from None
        except AnswerLostError as error:
            call.lost()
            sender.note.outcome = "upstream_lost"
            if exchange.status:
                exchange.abort()
                return
            raise _lost(name, error) from None
        except (ClientGoneError, asyncio.CancelledError):
            sender.note.outcome = "client_gone"
            call.lost()
            raise
        finally:
            call.lost()

    async def _sent_or_drained(self, leg: Leg, call: RelayedCall) -> None:
        if leg.sender.key.on_gone is not OnGone.DRAIN:
            await self._sent(leg, call)
            return
        exchange = LeftExchange(leg.exchange)
        drained = replace(leg, exchange=exchange)
        await read_on(exchange, self._sent(drained, call), self._gone_seconds)

    def _free_operation(self, leg: Leg) -> str:
        """Return the operation of a call that costs nothing; "" for a call that is metered."""
        provider, method, target = (
            leg.routed.upstream.name, leg.exchange.head.method, leg.routed.target
        )  # fmt: skip
        file = file_read(provider, method, target)
        if file and self._uploads.has_uploaded(leg.call.presented, file):
            return "file"
        return free_operation(provider, method, target)

    async def _sent(self, leg: Leg, call: RelayedCall) -> None:
        exchange, upstream = leg.exchange, leg.routed.upstream
        uploaded = bytearray() if leg.sender.note.operation == UPLOAD else None
        is_read = call.is_streaming or uploaded is not None
        await exchange.go_on()
        outgoing = Outgoing(
            exchange.head.method, upstream.url(leg.routed.target),
            upstream.headers(leg.headers, is_streaming=is_read),
            *_sent_body(exchange, leg.body, call.body),
        )  # fmt: skip
        reply = await self._client.send(outgoing)
        try:
            call.answered(reply.status, reply.headers)
            more = self._uploads.rewritten(
                exchange.head, leg.routed, leg.call.presented, reply.headers
            )
            await _return(leg, reply, call, more, uploaded)
            if uploaded is not None and 200 <= reply.status < 300:
                self._uploads.note_file(leg.call.presented, bytes(uploaded))
        finally:
            reply.close()


async def _return(
    leg: Leg, reply: UpstreamReply, call: RelayedCall, more: Headers, seen: bytearray | None
) -> None:
    """Pass an answer to the client, up to its end or to where it is cut.

    `seen` gets the beginning of the answer; None: nothing is kept.
    """
    exchange, note = leg.exchange, leg.sender.note
    length = 0 if reply.status in _NO_BODY else reply.length
    await exchange.begin(reply.status, (*returned_headers(reply.headers), *more), length)
    try:
        async for part in reply.parts():
            passed, cut = await call.passed(part)
            if cut is not None:
                note.outcome = "cut"
                await _cut(exchange, passed, cut.ending)
                return
            if seen is not None and len(seen) < _PART:
                seen += passed
            await exchange.write(passed)
    except asyncio.CancelledError:
        if not leg.call.ended:
            raise
        asyncio.current_task().uncancel()  # type: ignore[union-attr]
        note.outcome = "ended"
        text = f"quotakeeper: {leg.call.ended}"
        is_key_error = leg.call.is_key_refused
        ending = call.farewell(leg.sender.adapter, text, is_key_error=is_key_error)
        reply.close()
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await _cut(exchange, b"", ending)
        except TimeoutError:  # the client does not read
            exchange.abort()
        return
    call.complete()
    note.outcome = "answered"
    await exchange.finish()


async def _cut(exchange: Exchange, last: bytes, ending: bytes) -> None:
    """End an answer early: with the provider's own error, or as if the connection were lost."""
    if last or ending:
        await exchange.write(last + ending)
    if ending:
        await exchange.finish()
    else:
        exchange.abort()


def _request(leg: Leg) -> Request:
    """Return the request in the form that the meter recognises: exactly what will be sent."""
    named = {name.lower(): value for name, value in reversed(leg.headers)}
    head, body = leg.exchange.head, leg.body
    return Request(
        head.method, leg.routed.upstream.url(leg.routed.target), named, body.data, body.size,
        head.has_body and not body.is_partial, body.is_partial, leg.sender.key.name,
    )  # fmt: skip


def _sent_body(
    exchange: Exchange, body: ReadBody, lowered: bytes | None
) -> tuple[bytes | AsyncIterator[bytes] | None, int | None]:  # fmt: skip
    if not exchange.head.has_body:
        # A request without a body still states its length if it did so before.
        length = 0 if exchange.head.values("content-length") else None
        return None, length
    if body.is_partial:
        return body.parts(), exchange.head.length
    data = body.data if lowered is None else lowered
    return (data, None) if len(data) <= _MOST_AT_ONCE else (_in_parts(data), len(data))


async def _in_parts(data: bytes) -> AsyncIterator[bytes]:
    """Yield a long body in parts, so that writing it does not block the event loop."""
    for start in range(0, len(data), _PART):
        yield data[start : start + _PART]


def _unreachable(note: CallNote, name: str, error: Exception) -> GatewayAnswerError:
    note.outcome = "not_sent"
    text = f"{name} cannot be reached ({error}); the call was not sent and costs nothing"
    return GatewayAnswerError(502, "upstream_unreachable", text)


def _lost(name: str, error: Exception) -> GatewayAnswerError:
    text = (
        f"the answer of {name} did not arrive ({error}); the call was sent, may be billed, and is "
        "not sent again"
    )
    return GatewayAnswerError(502, "upstream_lost", text)
