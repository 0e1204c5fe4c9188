"""Changes the limits and prices of a running keeper, for a gateway whose config or keys change."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.config import Settings
from quotakeeper.domain.ledger.commands import Watch
from quotakeeper.domain.limits import Limit
from quotakeeper.engine.call_names import Names
from quotakeeper.errors import ConfigError
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.known_names import KnownNames
from quotakeeper.value_classes import dataclass
from quotakeeper.wiring import LazyPrices, canonical_limit, checked_limits

# What a running keeper can take from a changed config. Everything else is part of its store, its
# threads or its calls under way.
CHANGEABLE = ("limits", "warn_at", "price_files", "providers", "key_names", "currency", "origins")


@dataclass(frozen=True, slots=True)
class CheckedConfig:
    """Settings whose limits, names and prices were read and are valid. `limits` are as counted."""

    settings: Settings
    limits: tuple[Limit, ...]
    prices: LazyPrices
    names: Names


def check_config(keeper: Keeper, settings: Settings) -> CheckedConfig:
    """Check settings that a running keeper shall use. Changes nothing. Reads the price files.

    Raises ConfigError, also for a setting that only a restart can change.
    """
    fixed = (name for name in Settings.__slots__ if name not in CHANGEABLE)
    for name in fixed:
        if getattr(settings, name) != getattr(keeper.settings, name):
            raise ConfigError(
                f"{settings.origins.get(name, 'config')}: {name}",
                "was changed, and a running gateway cannot change it",
                "restart the gateway, or change it back",
            )  # fmt: skip
    prices = LazyPrices(settings)
    prices.snapshot.providers()  # a price file that is not valid must fail now
    names = KnownNames(settings.providers, prices)
    return CheckedConfig(settings, checked_limits(settings, names, prices), prices, names)


def present_config(keeper: Keeper) -> CheckedConfig:
    """Return the settings that a keeper was opened with."""
    names = engine_of(keeper).calls.names
    return CheckedConfig(keeper.settings, keeper.limits, keeper.prices, names)


def keep_balances(keeper: Keeper, limits: Sequence[Limit]) -> None:
    """Let the ledger keep balances for limits, before they are used. Blocks. Raises LedgerError."""
    accounts = {limit.account.key: limit.account for limit in limits}
    engine_of(keeper).worker.carry_out(Watch(tuple(accounts.values())))


def use_config(keeper: Keeper, config: CheckedConfig, more: Sequence[Limit] = ()) -> None:
    """Use a checked config, and `more` limits, for calls that are reserved from now on.

    Calls under way keep the limits that they were reserved with. Call this on the thread that
    reserves, then `give_back_leases`.
    """
    added = tuple(canonical_limit(limit, config.prices) for limit in more)
    limits = (*config.limits, *added)
    engine_of(keeper).use(limits, config.prices, config.names)
    keeper.limits, keeper.settings, keeper.prices = limits, config.settings, config.prices


def give_back_leases(keeper: Keeper) -> None:
    """End the leases of this process, which were granted under other limits. Blocks."""
    engine_of(keeper).give_back_leases()
