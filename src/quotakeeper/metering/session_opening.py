"""Reserves the first block of a WebSocket session, before the socket opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.metering.admission_wait import auntil_admitted, until_admitted
from quotakeeper.metering.refusal import Denied, Refused

if TYPE_CHECKING:
    from quotakeeper.metering.call_meter import CallMeter
    from quotakeeper.metering.socket_attempt import SocketAttempt
    from quotakeeper.providers.contract import Adapter


def admit_session(
    meter: CallMeter, adapter: Adapter, attempt: SocketAttempt
) -> SocketAttempt | Refused:
    """Reserve a session. Returns the attempt if it may open, else the refusal."""
    budget = attempt.budget
    denied = until_admitted(meter, lambda: budget.drive(budget.opening()))
    return _opened(meter, adapter, attempt, denied)


async def aadmit_session(
    meter: CallMeter, adapter: Adapter, attempt: SocketAttempt, *, waits: bool = False
) -> SocketAttempt | Refused:
    """Awaitable form of `admit_session`. `waits`: wait until the session has room."""
    budget = attempt.budget
    denied = await auntil_admitted(meter, lambda: budget.adrive(budget.opening(waits=waits)))
    return _opened(meter, adapter, attempt, denied)


def _opened(
    meter: CallMeter, adapter: Adapter, attempt: SocketAttempt, denied: Denied | None
) -> SocketAttempt | Refused:
    if denied is not None:
        return meter.refused(adapter, attempt.budget.call, denied)
    attempt.opens()
    return meter.keep(attempt)
