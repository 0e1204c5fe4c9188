"""Answers `GET /v1/me/usage`: the limits of the key that asks, and what is left of them."""

from __future__ import annotations

import asyncio

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import forecast_record, limit_record
from quotakeeper.app.virtual_keys.key_limits import limits_of_keys
from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.schemas import Schema

USAGE_PATH = "/v1/me/usage"


async def key_usage(keeper: Keeper, key: VirtualKey) -> dict[str, object]:
    """Return the limits that a key is under, their use and forecast.

    `shared_limits` have no labels, such as the default ones. Their use is that of all keys together.
    A refusal names them too, so a client must be able to see how much is left.
    """
    limits = (await asyncio.to_thread(limits_of_keys, keeper, [key]))[key.name]
    shared = await asyncio.to_thread(_shared_limits, keeper, key)
    return {
        "schema": Schema.KEY_USAGE,
        "as_of": rfc3339(keeper.now()),
        "key": key.name,
        "project": key.project,
        "expires_at": None if key.expires_at is None else rfc3339(key.expires_at),
        "limits": list(map(_record, limits)),
        "shared_limits": list(map(_record, shared)),
    }


def _shared_limits(keeper: Keeper, key: VirtualKey) -> tuple[LimitStatus, ...]:
    """Return the limits without labels that calls of the key use. Raises LedgerError."""
    mine = tuple(
        each for each in keeper.limits
        if not (each.scope or each.is_rule) and _may_use(key, each.provider)
    )  # fmt: skip
    return tuple(engine_of(keeper).reads.standing(mine)) if mine else ()


def _may_use(key: VirtualKey, provider: str) -> bool:
    return not provider or any(key.allows_call(provider, each) for each in ("", *key.models))


def _record(status: LimitStatus) -> dict[str, object]:
    return {**limit_record(status), "forecast": forecast_record(status)}
