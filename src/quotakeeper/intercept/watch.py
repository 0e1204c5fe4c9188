"""`quotakeeper.watch()` meters and limits every call of a program."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from quotakeeper.config.policies import with_policies
from quotakeeper.errors import ConfigError
from quotakeeper.intercept import import_hook
from quotakeeper.intercept.http_gate import switch
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.process_meter import make_meter, use_meter
from quotakeeper.metering.watch_settings import read_watch_settings
from quotakeeper.value_classes import replace

if TYPE_CHECKING:
    from quotakeeper.keeper import Keeper


class Watching:
    """The metering that `watch` has started. `close()` or the end of `with watch(): ...` ends
    it."""

    def __init__(self, meter: CallMeter, before: CallMeter | None, *, was_on: bool) -> None:
        self.meter = meter
        self._before = before
        self._was_on = was_on

    @property
    def keeper(self) -> Keeper:
        """The keeper that counts the calls."""
        return self.meter.keeper

    def flush(self, seconds: float = 2.0) -> bool:
        """Block until every finished call is in the ledger. Returns False if this takes too long."""
        return self.meter.flush(seconds)

    def close(self) -> None:
        """Stop metering, and remove the hooks if `watch` installed them."""
        self.flush()
        use_meter(self._before)
        if not self._was_on:
            import_hook.uninstall()

    def __enter__(self) -> Watching:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def watch(  # noqa: PLR0913 - all settings of one call
    keeper: Keeper | None = None, *, scope: Mapping[str, str] | None = None,
    base_urls: Mapping[str, str] | None = None, wait: bool | None = None,
    on_limit: str | None = None, on_busy: str | None = None, hold: str | None = None,
    busy_seconds: int | None = None, wait_seconds: int | None = None,
    clamp_least: int | None = None,
) -> Watching:  # fmt: skip
    """Meter and limit every call that this process makes to a known provider from now on.

    Without a `keeper`, one is made from the environment and the config file. `scope` contains
    labels for every call. `base_urls` maps more addresses ("host[:port][/prefix]") to a provider's
    name. The other arguments are the settings of the same names for the new keeper. They are not
    allowed with a given keeper. `wait=True` means `on_limit="wait"`, and it is allowed with a given
    keeper. Raises ConfigError.
    """
    settings = read_watch_settings()
    policies: dict[str, object] = {
        "on_limit": on_limit, "on_busy": on_busy, "hold": hold, "busy_seconds": busy_seconds,
        "wait_seconds": wait_seconds, "clamp_least": clamp_least,
    }  # fmt: skip
    if keeper is not None:
        _refuse_beside_keeper(policies)
    elif wait and on_limit is None:
        policies["on_limit"] = "wait"
    settings = replace(
        settings,
        settings=with_policies(settings.settings, policies),
        scope={**settings.scope, **(scope or {})},
        known_hosts={**settings.known_hosts, **(base_urls or {})},
        waits=settings.waits if wait is None else wait,
    )
    meter = make_meter(settings, keeper)
    was_on = switch.on
    before = use_meter(meter)
    import_hook.install()
    return Watching(meter, before, was_on=was_on)


def _refuse_beside_keeper(policies: Mapping[str, object]) -> None:
    for name, value in policies.items():
        if value is not None:
            raise ConfigError(
                name, "cannot be used together with keeper", f"give it to Keeper({name}=...)"
            )
