"""The limits of virtual keys: ordinary limits that a label of the key selects, with their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from quotakeeper.config.limit_tables import thresholds_from
from quotakeeper.domain.keys.virtual_key import VirtualKey, limits_of, own_limits
from quotakeeper.keeper import engine_of

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.config import Settings
    from quotakeeper.domain.forecasting.status import LimitStatus
    from quotakeeper.domain.limits import Limit


def limits_of_keys(
    keeper: Keeper, keys: Sequence[VirtualKey]
) -> Mapping[str, tuple[LimitStatus, ...]]:
    """Return the state of the limits of each key, by the name of the key. Raises LedgerError."""
    mine = {key.name: all_limits_of(keeper, key) for key in keys}
    wanted = {limit.name: limit for limits in mine.values() for limit in limits}
    if not wanted:
        return dict.fromkeys(mine, ())
    standing = engine_of(keeper).reads.standing(tuple(wanted.values()))
    found = {each.limit.name: each for each in standing}
    return {name: tuple(found[each.name] for each in limits) for name, limits in mine.items()}


def all_limits_of(keeper: Keeper, key: VirtualKey) -> tuple[Limit, ...]:
    """Return the limits with labels that a key is under, those of the key itself last."""
    own = limits_owned_by(keeper.settings, key)
    names = {each.name for each in own}  # a gateway's keeper has them already
    selected = limits_of(key, keeper.limits)
    return (*(each for each in selected if each.name not in names), *own)


def limits_owned_by(settings: Settings, key: VirtualKey) -> tuple[Limit, ...]:
    """Return the limits that belong to a key, in the time zone and with the thresholds of the config."""
    return own_limits(key, settings.timezone, thresholds_from(settings.warn_at))
