"""The meter of this process: set by `watch`, or made from the environment at the first call.

If the settings or a price file cannot be read, `on_store_failure` decides. With "deny", every call
to a provider is refused. With "allow", the calls are sent.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any, cast

from quotakeeper.config.child_environment import Salvaged, WatchSettings, salvage
from quotakeeper.errors import ConfigError, QuotakeeperError
from quotakeeper.keeper import Keeper
from quotakeeper.loggers import tell
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.watch_settings import read_watch_settings, sdk_variables
from quotakeeper.native_threads import RLock
from quotakeeper.value_classes import replace

log = logging.getLogger("quotakeeper.intercept")


class _ProcessMeter:
    meter: CallMeter | None = None
    lock = RLock()
    tried = False


def current_meter() -> CallMeter | None:
    """Return the meter of this process. None means that calls are not counted; this was logged
    once."""
    if _ProcessMeter.meter is None and not _ProcessMeter.tried:
        with _ProcessMeter.lock:
            if _ProcessMeter.meter is None and not _ProcessMeter.tried:
                _ProcessMeter.meter = _from_environment()
                _ProcessMeter.tried = True
    return _ProcessMeter.meter


def use_meter(meter: CallMeter | None) -> CallMeter | None:
    """Set the meter of this process and return the previous one.

    With None, the next call makes the meter from the environment.
    """
    before, _ProcessMeter.meter = _ProcessMeter.meter, meter
    _ProcessMeter.tried = False
    return before


def make_meter(watching: WatchSettings, keeper: Keeper | None = None) -> CallMeter:
    """Make a meter from settings. Makes a new keeper if `keeper` is None. Raises ConfigError."""
    # A keeper that waits by its own policy needs no further waiting; see `CallMeter.wait_for`.
    waits = watching.waits and keeper is not None and keeper.settings.on_limit != "wait"
    keeper = keeper or Keeper(config=watching.settings)
    _ = keeper.prices.snapshot  # read now, so that the first call does not block an event loop
    return CallMeter(
        keeper,
        scope=watching.scope,
        known_hosts=watching.known_hosts,
        waits=waits,
        notes=watching.notes,
    )


def _from_environment() -> CallMeter | None:
    watching = None
    try:
        watching = read_watch_settings()
        return make_meter(watching)
    except Exception as error:  # noqa: BLE001 - the policy decides what follows
        return _fallback_meter(error, salvage(sdk_variables(), watching))


def _fallback_meter(error: Exception, left: Salvaged) -> CallMeter | None:
    reason = (
        str(error) if isinstance(error, QuotakeeperError) else f"{type(error).__name__}: {error}"
    )
    if not left.allows:
        tell(log, logging.ERROR, "quotakeeper: calls to providers are refused: %s", reason)
        refusing = cast("Keeper", _RefusingKeeper(reason))
        meter = CallMeter(refusing, known_hosts=left.known_hosts, notes=left.notes)
        meter.note("shut", reason)
        return meter
    for watching in _ever_less(left.watching):
        try:
            meter = make_meter(watching)
        except Exception:
            log.debug(
                "quotakeeper: the meter does not start with these settings either", exc_info=True
            )
        else:
            tell(
                log,
                logging.ERROR,
                "quotakeeper: calls are counted, but not with all settings: %s",
                reason,
            )
            return meter
    tell(log, logging.ERROR, "quotakeeper: calls are not counted: %s", reason)
    return None


def _ever_less(watching: WatchSettings | None) -> Iterator[WatchSettings]:
    """Yield the settings to try, one after the other: first all of them, then all without the
    limits.

    The settings without limits help if a limit is wrong. Yields nothing if the settings could not
    be read.
    """
    if watching is not None:
        yield watching
        yield replace(watching, settings=replace(watching.settings, limits=()))


class _RefusingKeeper:
    """Replaces a keeper that cannot be made. Refuses every call, and gives the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def reserve(self, *_: Any, **__: Any) -> Any:
        """Raise ConfigError with the reason."""
        raise ConfigError("calls can't be counted", self._reason)

    async def areserve(self, *_: Any, **__: Any) -> Any:
        """Raise ConfigError with the reason."""
        raise ConfigError("calls can't be counted", self._reason)


def _forked() -> None:
    _ProcessMeter.lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
