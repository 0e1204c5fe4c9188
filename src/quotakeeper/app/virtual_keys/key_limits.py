"""The limits of virtual keys: ordinary limits that a label of the key selects, with their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from quotakeeper.domain.keys.virtual_key import VirtualKey, limits_of
from quotakeeper.keeper import engine_of

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus


def limits_of_keys(
    keeper: Keeper, keys: Sequence[VirtualKey]
) -> Mapping[str, tuple[LimitStatus, ...]]:
    """Return the state of the limits of each key, by the name of the key. Raises LedgerError."""
    mine = {key.name: limits_of(key, keeper.limits) for key in keys}
    wanted = {limit.name: limit for limits in mine.values() for limit in limits}
    if not wanted:
        return dict.fromkeys(mine, ())
    standing = engine_of(keeper).reads.standing(tuple(wanted.values()))
    found = {each.limit.name: each for each in standing}
    return {name: tuple(found[each.name] for each in limits) for name, limits in mine.items()}
