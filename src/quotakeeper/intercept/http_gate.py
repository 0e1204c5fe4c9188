"""What a hook does before it lets a call pass. Light: nothing is loaded before the first call.

What goes wrong here never reaches the program as an error of ours. `on_store_failure` decides what
becomes of the call: "deny" refuses it in the provider's own words, "allow" lets it pass.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from quotakeeper.intercept.held_signals import SignalsHeld
from quotakeeper.intercept.suppression import is_suppressed
from quotakeeper.loggers import tell
from quotakeeper.metering.event_loops import running_loop
from quotakeeper.native_threads import get_ident, has_daemon_threads

if TYPE_CHECKING:
    from quotakeeper.metering.call_meter import CallMeter
    from quotakeeper.metering.http_attempt import HttpAttempt
    from quotakeeper.metering.refusal import Refused
    from quotakeeper.providers.contract import Request

# What stands beside the status of a refusal.
REASONS = {402: "Payment Required", 429: "Too Many Requests"}

_BROKEN_DATETIME = sys.version_info[:2] == (3, 12)  # "free(): invalid pointer" ends the process

Result = TypeVar("Result")

log = logging.getLogger("quotakeeper.intercept")


class _Switch:
    """Whether hooks count; they stay where they are when they are switched off."""

    on = False
    said = False
    asked: Callable[[str], None] | None = None  # is told the address of every request
    unmetered: Callable[[str], None] | None = None  # and that of a socket that no hook follows


switch = _Switch()


class _Faults:
    """Notes what goes wrong inside quotakeeper; the program's call goes on."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, Exception):
            note_fault(error)
            return True
        return False


faults_noted = _Faults()


def start(
    make: Callable[[], Request | None], *, beneath: bool = False
) -> HttpAttempt | Refused | None:
    """Ask whether a call may leave; None: it passes uncounted. Never raises.

    `beneath`: a hook that has the call in hand asks for it only now.
    """
    meter = request = None
    try:
        if not _is_off(beneath):
            meter = process_meter()
            request = _request(meter, make)
            if request is not None and meter is not None:
                return meter.begin(request)
    except Exception as error:  # noqa: BLE001 - a fault of ours is not the program's
        return after_fault(meter, request, error)
    return None


async def astart(
    make: Callable[[], Request | None], *, beneath: bool = False
) -> HttpAttempt | Refused | None:
    """`start` on an event loop."""
    meter = request = None
    try:
        if not _is_off(beneath):
            meter = await _ameter()
            request = _request(meter, make)
            if request is not None and meter is not None:
                return await meter.abegin(request)
    except Exception as error:  # noqa: BLE001 - as above
        return after_fault(meter, request, error)
    return None


def starts_after_body(make: Callable[[], Request | None]) -> bool:
    """Whether a call is to be started when its body, which comes piece by piece, is whole.

    No provider does anything with half of it, so nothing need be set aside before. Never raises.
    """
    if _is_off():
        return False
    with faults_noted:
        return _needs_body(process_meter(), make)
    return False


async def astarts_after_body(make: Callable[[], Request | None]) -> bool:
    """`starts_after_body` on an event loop."""
    if _is_off():
        return False
    with faults_noted:
        return _needs_body(await _ameter(), make)
    return False


def told(request: Request | None) -> Request | None:
    """A request that a hook has in hand, after whoever wants to know was told of it."""
    if switch.asked is not None and request is not None:
        switch.asked(request.url)
    return request


def note_fault(error: Exception) -> None:
    """Say once that something of ours went wrong."""
    if not switch.said:
        switch.said = True
        tell(log, logging.WARNING, "quotakeeper: a call passed uncounted", error=error)


def tried(act: Callable[..., Result], *given: Any) -> Result | None:
    """What something of ours gives; None where it fails, which is said once."""
    try:
        return act(*given)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
        return None


def after_fault(
    meter: CallMeter | None, request: Request | None, error: Exception, *, is_reserved: bool = False
) -> Refused | None:
    """Refuse a provider's call that cannot be followed, where `on_store_failure` says so; else have
    it counted at the most that it can use."""
    refused, is_counted = None, False
    if meter is not None and request is not None:
        with suppress(Exception):  # then nobody knows whether it is a provider's: it passes
            from quotakeeper.metering import fault_policy as policy  # noqa: PLC0415 - see above

            refused = policy.refusal_after(meter, request, error)
            is_counted = refused is None and policy.counted_later(
                meter, request, error, is_reserved=is_reserved
            )
    if meter is None or (refused is None and not is_counted):
        note_fault(error)
    elif refused is not None:
        meter.fault("a call was refused", error)
    else:
        meter.fault("a call passed unfollowed, and counts at the most that it can use", error)
    return refused


def _is_off(beneath: bool = False) -> bool:
    return not switch.on or (is_suppressed() and not beneath)


def _request(meter: CallMeter | None, make: Callable[[], Request | None]) -> Request | None:
    """The request of a call that is to be counted here, and not by a gateway on the same ledger."""
    request = None if meter is None else told(make())
    if meter is None or request is None or meter.gateways.counts(request.url):
        return None
    return request


def _needs_body(meter: CallMeter | None, make: Callable[[], Request | None]) -> bool:
    request = _request(meter, make)
    return request is not None and meter is not None and meter.needs_body(request)


def process_meter() -> CallMeter | None:
    """The meter of this process, which the first call loads; None when calls pass uncounted."""
    if _loading.current is None:
        _loading.load()
    return None if _loading.current is None else _loading.current()


async def _ameter() -> CallMeter | None:
    """The meter; the first time it is made in a thread, for loading it takes long for a loop."""
    loop = None if _loading.current is not None else running_loop()
    return process_meter() if loop is None else await loop.run_in_executor(None, process_meter)


class _Loading:
    """Loads the meter, once."""

    current: Callable[[], CallMeter | None] | None = None
    by = 0  # the thread that does so now

    def load(self) -> None:
        """Raises what loading it raises, and RuntimeError in a signal handler on top of that."""
        if self.by == get_ident():  # another thread took the signal that is held back in this one
            raise RuntimeError("a signal handler made the call while quotakeeper was loading")
        if _BROKEN_DATETIME and not has_daemon_threads():
            raise RuntimeError("Python 3.12 can't load datetime in a sub-interpreter; 3.13 can")
        with SignalsHeld():
            self.by = get_ident()
            try:
                from quotakeeper.metering.process_meter import current_meter  # noqa: PLC0415

                current_meter()
                self.current = current_meter
            finally:
                self.by = 0


_loading = _Loading()
