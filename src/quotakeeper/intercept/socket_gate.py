"""What a hook does before it lets a WebSocket open. Light: nothing is loaded before the first one.

Whatever goes wrong here is ours alone: it is said once, and the socket opens as if we weren't there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quotakeeper.intercept.http_gate import note_fault, switch
from quotakeeper.intercept.suppression import is_suppressed
from quotakeeper.metering.admission_wait import auntil_admitted, until_admitted
from quotakeeper.metering.refusal import Denied, Refused

if TYPE_CHECKING:
    from quotakeeper.metering.call_meter import CallMeter
    from quotakeeper.metering.socket_attempt import SocketAttempt
    from quotakeeper.providers.contract import Adapter, Request

    Found = tuple[CallMeter, Adapter, SocketAttempt]

_CONTINUATION, _TEXT, _BINARY, _CLOSE = 0, 1, 2, 8


def open_live(make: Callable[[], Request]) -> SocketAttempt | Refused | None:
    """Ask whether a socket may open; None: it passes uncounted. Never raises."""
    try:
        found = _found(make)
        if found is None:
            return None
        meter, adapter, attempt = found
        budget = attempt.budget
        denied = until_admitted(meter, lambda: budget.drive(budget.opening()))
        return _opened(meter, adapter, attempt, denied)
    except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
        note_fault(error)
    return None


async def aopen_live(make: Callable[[], Request]) -> SocketAttempt | Refused | None:
    """`open_live` on an event loop."""
    try:
        found = _found(make)
        if found is None:
            return None
        meter, adapter, attempt = found
        budget = attempt.budget
        denied = await auntil_admitted(meter, lambda: budget.adrive(budget.opening()))
        return _opened(meter, adapter, attempt, denied)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
    return None


def _opened(
    meter: CallMeter, adapter: Adapter, attempt: SocketAttempt, denied: Denied | None
) -> SocketAttempt | Refused:
    if denied is not None:
        return meter.refused(adapter, attempt.budget.call, denied)
    return meter.keep(attempt)


def _found(make: Callable[[], Request]) -> Found | None:
    if not switch.on or is_suppressed():
        return None
    from quotakeeper.metering.process_meter import current_meter  # noqa: PLC0415
    from quotakeeper.metering.socket_attempt import SocketAttempt  # noqa: PLC0415 - see above
    from quotakeeper.providers.registry import live_session  # noqa: PLC0415

    meter = current_meter()
    if meter is None:
        return None
    found = live_session(make(), known_hosts=meter.known_hosts, count=meter.count)
    if found is None:
        return None
    meter.settler.start()
    adapter, session = found
    return meter, adapter, SocketAttempt(meter, adapter, session)


class Assembler:
    """Puts frames together to messages, for one direction."""

    def __init__(self) -> None:
        self.close_code = 0  # of the other side's goodbye
        self._parts: list[bytes] = []
        self._is_text = False

    def feed(self, opcode: int, data: Any, final: bool) -> bytes | str | None:
        """Take a frame; gives the message that it completes."""
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
