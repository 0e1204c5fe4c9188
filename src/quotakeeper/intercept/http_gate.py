"""Decides for a hook whether a request may be sent. Imports the meter only at the first call.

An error inside quotakeeper never reaches the program. After such an error, `on_store_failure`
decides about the call: "deny" refuses it in the provider's error format, "allow" sends it.
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

# The reason phrase for each status of a refusal.
REASONS = {402: "Payment Required", 429: "Too Many Requests"}

# In a sub-interpreter, the import ends the process with "free(): invalid pointer".
_BROKEN_DATETIME = sys.version_info[:2] == (3, 12)

Result = TypeVar("Result")

log = logging.getLogger("quotakeeper.intercept")


class _Switch:
    """Whether the hooks meter calls. Hooks that are switched off are still installed."""

    on = False
    said = False
    asked: Callable[[str], None] | None = None  # called with the URL of every request
    unmetered: Callable[[str], None] | None = None  # called with the URL of a socket without a hook


switch = _Switch()


class _Faults:
    """A context manager that suppresses an error inside quotakeeper, and logs it."""

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
    """Reserve a call with the meter. Never raises.

    Returns the attempt to pass the answer to, or the refusal. None means: send the request without
    metering. With `beneath`, a call is metered even inside a hook that has suppressed metering.
    """
    meter = request = None
    try:
        if not _is_off(beneath):
            meter = process_meter()
            request = _request(meter, make)
            if request is not None and meter is not None:
                return meter.begin(request)
    except Exception as error:  # noqa: BLE001 - must not reach the program
        return after_fault(meter, request, error)
    return None


async def astart(
    make: Callable[[], Request | None], *, beneath: bool = False
) -> HttpAttempt | Refused | None:
    """Awaitable form of `start`."""
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
    """Return whether `start` must be called only after the whole body was sent. Never raises.

    Call this only for bodies that are sent in chunks. A provider does nothing with an incomplete
    body, so no reservation is needed before.
    """
    if _is_off():
        return False
    with faults_noted:
        return _needs_body(process_meter(), make)
    return False


async def astarts_after_body(make: Callable[[], Request | None]) -> bool:
    """Awaitable form of `starts_after_body`."""
    if _is_off():
        return False
    with faults_noted:
        return _needs_body(await _ameter(), make)
    return False


def told(request: Request | None) -> Request | None:
    """Pass the request's URL to `switch.asked`, if this is set. Returns the request unchanged."""
    if switch.asked is not None and request is not None:
        switch.asked(request.url)
    return request


def note_fault(error: Exception) -> None:
    """Log the first error inside quotakeeper. Later errors are not logged."""
    if not switch.said:
        switch.said = True
        tell(log, logging.WARNING, "quotakeeper: a call was sent and not counted", error=error)


def tried(act: Callable[..., Result], *given: Any) -> Result | None:
    """Return `act(*given)`. If it raises an error, log the error and return None.

    Only the first such error of the process is logged.
    """
    try:
        return act(*given)
    except Exception as error:  # noqa: BLE001 - as above
        note_fault(error)
        return None


def after_fault(
    meter: CallMeter | None, request: Request | None, error: Exception, *, is_reserved: bool = False
) -> Refused | None:
    """Return the refusal of a call that cannot be metered; None if it is sent.

    `on_store_failure` decides: "deny" refuses the call. With "allow", the call is sent and counted
    at its upper bound. `is_reserved` is True if the call already has a reservation.
    """
    refused, is_counted = None, False
    if meter is not None and request is not None:
        with suppress(Exception):  # on an error here, the call is sent
            from quotakeeper.metering import fault_policy as policy  # noqa: PLC0415 - see above

            refused = policy.refusal_after(meter, request, error)
            is_counted = refused is None and policy.counted_later(
                meter, request, error, is_reserved=is_reserved
            )
    if meter is None or (refused is None and not is_counted):
        note_fault(error)
    elif refused is not None:
        meter.fault("a call was refused, because it cannot be counted", error)
    else:
        meter.fault("a call was sent unmetered; it is counted at its upper bound", error)
    return refused


def _is_off(beneath: bool = False) -> bool:
    return not switch.on or (is_suppressed() and not beneath)


def _request(meter: CallMeter | None, make: Callable[[], Request | None]) -> Request | None:
    """Return the request. None if it is not to be counted here.

    This is so if `make` returns None, or if a gateway on the same ledger counts the request.
    """
    request = None if meter is None else told(make())
    if meter is None or request is None or meter.gateways.counts(request.url):
        return None
    return request


def _needs_body(meter: CallMeter | None, make: Callable[[], Request | None]) -> bool:
    request = _request(meter, make)
    return request is not None and meter is not None and meter.needs_body(request)


def process_meter() -> CallMeter | None:
    """Return the meter of this process; None if calls are not metered. The first call loads the
    meter."""
    if _loading.current is None:
        _loading.load()
    return None if _loading.current is None else _loading.current()


async def _ameter() -> CallMeter | None:
    """Return the meter. At the first call, a thread loads it, so that the event loop is not
    blocked."""
    loop = None if _loading.current is not None else running_loop()
    return process_meter() if loop is None else await loop.run_in_executor(None, process_meter)


class _Loading:
    """Loads the meter once."""

    current: Callable[[], CallMeter | None] | None = None
    by = 0  # the id of the thread that loads it now

    def load(self) -> None:
        """Load the meter. Raises the error of the import.

        Raises RuntimeError if a signal handler calls this while the meter is being loaded.
        """
        if self.by == get_ident():  # another thread received the signal that is blocked in this one
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
