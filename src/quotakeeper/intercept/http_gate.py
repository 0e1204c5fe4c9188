"""What a hook does before it lets a call pass. Light: nothing is loaded before the first call.

Whatever goes wrong here is ours alone: it is said once, and the call passes as if we weren't there.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.intercept.suppression import is_suppressed
from quotakeeper.loggers import tell
from quotakeeper.metering.event_loops import running_loop

if TYPE_CHECKING:
    from quotakeeper.metering.call_meter import CallMeter
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.metering.refusal import Refused
    from quotakeeper.providers.contract import Request

_METER = "quotakeeper.metering.process_meter"

log = logging.getLogger("quotakeeper.intercept")


class _Switch:
    """Whether hooks count; they stay where they are when they are switched off."""

    on = False
    said = False


switch = _Switch()


def start(
    make: Callable[[], Request | None], *, beneath: bool = False
) -> HttpAttempt | Refused | None:
    """Ask whether a call may leave; None: it passes uncounted. Never raises.

    `beneath`: a hook that has the call in hand asks for it only now.
    """
    if not switch.on or (is_suppressed() and not beneath):
        return None
    try:
        meter = _meter()
        request = make() if meter is not None else None
        return None if request is None or meter is None else meter.begin(request)
    except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
        note_fault(error)
        return None


async def astart(
    make: Callable[[], Request | None], *, beneath: bool = False
) -> HttpAttempt | Refused | None:
    """`start` on an event loop."""
    if not switch.on or (is_suppressed() and not beneath):
        return None
    try:
        meter = _meter() if _METER in sys.modules else await _first_meter()
        request = make() if meter is not None else None
        return None if request is None or meter is None else await meter.abegin(request)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
        return None


def comes_late(make: Callable[[], Request | None]) -> bool:
    """Whether a call is to be started when its body, which comes piece by piece, is whole.

    No provider does anything with half of it, so nothing need be set aside before. Never raises.
    """
    if not switch.on or is_suppressed():
        return False
    try:
        return _is_told_late(_meter(), make)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
        return False


async def acomes_late(make: Callable[[], Request | None]) -> bool:
    """`comes_late` on an event loop."""
    if not switch.on or is_suppressed():
        return False
    try:
        meter = _meter() if _METER in sys.modules else await _first_meter()
        return _is_told_late(meter, make)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
        return False


def _is_told_late(meter: CallMeter | None, make: Callable[[], Request | None]) -> bool:
    request = make() if meter is not None else None
    return request is not None and meter is not None and meter.is_told_by_its_body(request)


def note_fault(error: Exception) -> None:
    """Say once that something of ours went wrong."""
    if not switch.said:
        switch.said = True
        tell(log, logging.WARNING, "quotakeeper: a call passed uncounted", error=error)


def _meter() -> CallMeter | None:
    from quotakeeper.metering.process_meter import current_meter  # noqa: PLC0415 - see above

    return current_meter()


async def _first_meter() -> CallMeter | None:
    """The meter, made in a thread: to load all it needs takes longer than a loop may stand still."""
    loop = running_loop()
    return _meter() if loop is None else await loop.run_in_executor(None, _meter)
