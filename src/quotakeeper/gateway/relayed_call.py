"""The metering of one relayed call, for calls with and without a reservation."""

from __future__ import annotations

import re

from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.gateway.answers import GatewayAnswerError, cannot_count, error_refusal
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.gateway.key_endings import as_key_error
from quotakeeper.gateway.served_calls import is_metered
from quotakeeper.gateway.unread_usage import reported_or_most
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.http_server.heads import Headers
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.metering.fault_policy import counted_later, refusal_after
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.stream_budget import StreamCut
from quotakeeper.providers.contract import Adapter, Call, Refusal, Request

_NOT_METERED = "not_metered"
_NOT_METERED_TEXT = "this call cannot be metered, so it is not served"
_EVENT_ENDS = (b"\n\n", b"\r\n\r\n")
_EVENT_END = re.compile(rb"\r?\n\r?\n")


class Sender:
    """Who sends a call, and to which provider. Checks what the key may call."""

    def __init__(self, key: VirtualKey, upstream: Upstream, note: CallNote) -> None:
        self.key = key
        self.adapter = upstream.adapter
        self.note = note
        self._request: Request | None = None
        self._is_served = False
        self.origin = CallOrigin(
            dict(key.scope), upstream.known_hosts, (upstream.adapter,), self.checked, key.on_limit
        )

    async def admit(self, meter: CallMeter, request: Request) -> HttpAttempt | Refused | None:
        """Reserve a call. Returns its attempt or its refusal; None after a fault of the meter.

        Raises GatewayAnswerError: 404 for a request that cannot be metered, 503 if the ledger or the
        meter fails.
        """
        self._request = request
        try:
            admitted = await meter.abegin(request, self.origin)
        except Exception as error:  # noqa: BLE001 - the policy decides what follows
            self._after_fault(meter, request, error)
            return None
        if not self._is_served and admitted is None:
            raise GatewayAnswerError(404, _NOT_METERED, _NOT_METERED_TEXT)
        if isinstance(admitted, Refused) and admitted.is_uncounted:
            raise cannot_count()
        return admitted

    def _after_fault(
        self, meter: CallMeter, request: Request, error: Exception
    ) -> None:  # fmt: skip
        if not self._is_served:  # a policy never sends what cannot be metered
            meter.fault("a call could not be recognised", error)
            raise GatewayAnswerError(404, _NOT_METERED, _NOT_METERED_TEXT)
        refused = refusal_after(meter, request, error, self.origin)
        meter.fault("a call could not be metered", error)
        if refused is None:
            counted_later(meter, request, error, origin=self.origin)
            return
        raise cannot_count()

    def checked(self, adapter: Adapter, call: Call) -> Refusal | None:
        """Note a recognised call. Returns the answer if it cannot be metered, or if the key may not
        use its model."""
        self.note.model, self.note.operation = call.model, call.operation
        request = self._request
        if request is not None and not is_metered(call, request.method, request.url):
            return error_refusal(404, _NOT_METERED, _NOT_METERED_TEXT)
        refusal = self.refused_model(call)
        self._is_served = refusal is None
        return refusal

    def refused_model(self, call: Call) -> Refusal | None:
        """Return the answer if the key may not use the model of a call; else None."""
        if self.key.allows_call(call.provider, call.model):
            return None
        named = call.model or "(the request names none)"
        text = f"the key {self.key.name!r} may not use the model {named}"
        return error_refusal(403, "model_not_allowed", text)


class RelayedCall:
    """A call that was admitted. Without an attempt, the call uses no quota and is only relayed."""

    def __init__(self, attempt: HttpAttempt | None) -> None:
        self._attempt = attempt
        self._is_events = False  # the answer is a stream of events that is not compressed
        self._is_between = True  # the last event is whole

    @property
    def id(self) -> str:
        """The id of the call in the ledger; "" for a call without a reservation."""
        return self._attempt.id if self._attempt is not None else ""

    @property
    def body(self) -> bytes | None:
        """The body to send in place of the client's: it has a lower output cap."""
        return self._attempt.body if self._attempt is not None else None

    @property
    def is_streaming(self) -> bool:
        """Whether the answer is a stream that can be cut."""
        return self._attempt is not None and self._attempt.call.streaming

    def answered(self, status: int, headers: Headers) -> None:
        """Start to read an answer."""
        named = {name.lower(): value for name, value in headers}
        kind = named.get("content-type", "").lower()
        self._is_events = kind.startswith("text/event-stream") and "content-encoding" not in named
        if self._attempt is not None:
            if 200 <= status < 300:
                self._attempt.judge = reported_or_most
            self._attempt.answered(status, named)

    async def passed(self, part: bytes) -> tuple[bytes, StreamCut | None]:
        """Count a part of the answer before the client gets it.

        Returns what the client gets of it, and the cut if a limit ends the answer there. The
        provider has sent the whole part, so all of it counts.
        """
        self._is_between = part.endswith(_EVENT_ENDS)
        if self._attempt is None:
            return part, None
        if not self.is_streaming:
            return part, await self._attempt.apassed(part)
        start = 0
        for end in _ends_of_events(part):
            cut = await self._attempt.apassed(part[start:end])
            if cut is not None:
                self._attempt.feed(part[end:])
                return part[: start + cut.keep], cut
            start = end
        return part, None

    def farewell(self, adapter: Adapter, message: str, *, is_key_error: bool = False) -> bytes:
        """Return the error that ends the stream here; b"" if no error can stand here.

        `is_key_error`: the key may not be used any longer.
        """
        if self._attempt is None or not (self._is_events and self._is_between):
            return b""
        ending = adapter.interruption(self._attempt.call, message=message)
        return as_key_error(ending) if is_key_error else ending

    def complete(self) -> None:
        """End the call, because its whole answer arrived. Does not wait for the ledger."""
        if self._attempt is not None:
            self._attempt.hand_over(True)

    def lost(self) -> None:
        """End the call with the usage read so far. Does nothing if it has ended."""
        if self._attempt is not None:
            self._attempt.hand_over(False)

    def unsent(self) -> None:
        """Release the reservation, because nothing was sent."""
        if self._attempt is not None:
            self._attempt.failed(False)


def _ends_of_events(part: bytes) -> list[int]:
    """Return where the events of a part end, and the end of the part.

    A part may hold many events. A cut is then possible after each of them.
    """
    ends = [found.end() for found in _EVENT_END.finditer(part)]
    return ends if ends and ends[-1] == len(part) else [*ends, len(part)]
