"""Decides for a hook whether a WebSocket may open. Imports the meter only at the first socket.

An error inside quotakeeper never reaches the program; see `http_gate`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from quotakeeper.intercept.held_signals import SignalsHeld
from quotakeeper.intercept.http_gate import after_fault, process_meter, switch, told
from quotakeeper.intercept.suppression import is_suppressed
from quotakeeper.loggers import tell
from quotakeeper.metering.refusal import Refused
from quotakeeper.metering.session_opening import aadmit_session, admit_session

if TYPE_CHECKING:
    from quotakeeper.metering.call_meter import CallMeter
    from quotakeeper.metering.socket_attempt import SocketAttempt
    from quotakeeper.providers.contract import Adapter, Request

    Found = tuple[CallMeter, Adapter, SocketAttempt]

_CONTINUATION, _TEXT, _BINARY, _CLOSE = 0, 1, 2, 8
_NORMAL_CODES = (1000, 1001, 1005)
_MOST_REASON = 120  # bytes; the room for a reason in a close frame
POLICY = 1008  # the close code for a policy violation (RFC 6455)
SOCKET = "_quotakeeper_socket"  # the attribute of a connection that holds its `MeteredSocket`

Result = TypeVar("Result")

log = logging.getLogger("quotakeeper.intercept")


def open_live(make: Callable[[], Request]) -> SocketAttempt | Refused | None:
    """Reserve a WebSocket session with the meter. Never raises.

    Returns the session to pass messages to, or the refusal. None means: open the socket without
    metering.
    """
    opening = _Opening()
    try:
        found = _found(opening, make)
        if found is not None:
            return admit_session(*found)
    except Exception as error:  # noqa: BLE001 - must not reach the program
        return opening.failed(error)
    return None


async def aopen_live(make: Callable[[], Request]) -> SocketAttempt | Refused | None:
    """Awaitable form of `open_live`."""
    opening = _Opening()
    try:
        found = _found(opening, make)
        if found is not None:
            return await aadmit_session(*found)
    except Exception as error:  # noqa: BLE001 - as above
        return opening.failed(error)
    return None


def passes_unmetered(make: Callable[[], Request]) -> None:
    """Report a WebSocket to a provider that opens but that no hook can meter.

    Calls `switch.unmetered`, or logs a warning if this is not set.
    """
    meter = None if not switch.on or is_suppressed() else process_meter()
    if meter is None:
        return
    with SignalsHeld():
        from quotakeeper.providers.registry import live_session  # noqa: PLC0415 - as below

    request = make()
    if meter.gateways.counts(request.url) or (
        live_session(request, known_hosts=meter.known_hosts) is None
    ):
        return
    if switch.unmetered is not None:
        switch.unmetered(request.url)
        return
    host = request.url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    text = (
        "quotakeeper: a WebSocket to %s is not counted: quotakeeper cannot meter the library "
        "that opened it"
    )
    tell(log, logging.WARNING, text, host)


class _Opening:
    """The state of one `open_live`, for handling an error before the socket opens."""

    meter: CallMeter | None = None
    request: Request | None = None
    attempt: SocketAttempt | None = None

    def failed(self, error: Exception) -> Refused | None:
        """Return the refusal of the socket, or None to open it. Also ends the socket's reservation,
        if any."""
        attempt = self.attempt if self.attempt is not None and self.attempt.budget.is_open else None
        refused = after_fault(self.meter, self.request, error, is_reserved=attempt is not None)
        if attempt is not None and refused is not None:
            attempt.unsent()
        elif attempt is not None:
            attempt.lost_count(error)
            attempt.hand_over()
        return refused


def _found(opening: _Opening, make: Callable[[], Request]) -> Found | None:
    if not switch.on or is_suppressed():
        return None
    meter = opening.meter = process_meter()
    if meter is None:
        return None
    with SignalsHeld():
        from quotakeeper.metering.socket_attempt import SocketAttempt  # noqa: PLC0415 - see above
        from quotakeeper.providers.registry import live_session  # noqa: PLC0415

    request = opening.request = make()
    told(request)
    if meter.gateways.counts(request.url):
        return None
    found = live_session(request, known_hosts=meter.known_hosts, count=meter.count)
    if found is None:
        return None
    meter.settler.start()
    adapter, session = found
    opening.attempt = SocketAttempt(meter, adapter, session)
    return meter, adapter, opening.attempt


class Assembler:
    """Joins the frames of one direction of a WebSocket into messages."""

    def __init__(self) -> None:
        self.close_code = 0  # from the provider's close frame; 0 before it
        self._parts: list[bytes] = []
        self._is_text = False

    @property
    def is_open(self) -> bool:
        """Whether a message has begun and is not complete."""
        return bool(self._parts)

    def feed(self, opcode: int, data: Any, final: bool) -> bytes | str | None:
        """Add a frame. Returns the message that the frame completes, or None."""
        if opcode == _CLOSE:
            self.close_code = int.from_bytes(bytes(data)[:2], "big") if len(data) >= 2 else 1005
            return None
        if opcode not in (_CONTINUATION, _TEXT, _BINARY):
            return None
        if opcode != _CONTINUATION:
            self._parts, self._is_text = [], opcode == _TEXT
        self._parts.append(data.encode("utf-8") if isinstance(data, str) else bytes(data))
        if not final:
            return None
        whole = b"".join(self._parts)
        self._parts = []
        return whole.decode("utf-8", "replace") if self._is_text else whole


class MeteredSocket:
    """The object that a hook attaches to a connection: its session, and the frames of both
    directions."""

    def __init__(self, attempt: SocketAttempt) -> None:
        self.attempt = attempt
        self.incoming = Assembler()
        self.outgoing = Assembler()

    def frame_received(self, opcode: int, data: Any, final: bool) -> None:
        """Count a frame that the provider sent. Never raises."""
        message = self.read(self.incoming.feed, opcode, data, final)
        if message is not None:
            self.attempt.received(message)

    def read(self, act: Callable[..., Result], *given: Any) -> Result | None:
        """Return `act(*given)`, which reads a message.

        If it raises, return None, and charge the reserved amount of the session, because a message
        was not counted.
        """
        try:
            return act(*given)
        except Exception as error:  # noqa: BLE001 - must not reach the program
            self.attempt.lost_count(error)
            return None

    @property
    def was_closed(self) -> bool:
        """Whether the provider closed the connection with a normal code."""
        return self.incoming.close_code in _NORMAL_CODES


def shortened(reason: str) -> str:
    """Cut a reason to the number of bytes that a close frame can contain."""
    return reason.encode("utf-8")[:_MOST_REASON].decode("utf-8", "ignore")
