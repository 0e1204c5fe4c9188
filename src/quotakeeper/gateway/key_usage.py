"""Answers `GET /v1/me/usage`: the limits of the key that asks, and what is left of them."""

from __future__ import annotations

import asyncio

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import forecast_record, limit_record
from quotakeeper.app.virtual_keys.key_limits import limits_of_keys
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.keeper import Keeper
from quotakeeper.schemas import Schema

USAGE_PATH = "/v1/me/usage"


async def key_usage(keeper: Keeper, key: VirtualKey) -> dict[str, object]:
    """Return the limits with labels of a key, their use and forecast.

    Limits without labels are left out: they tell what others use.
    """
    limits = (await asyncio.to_thread(limits_of_keys, keeper, [key]))[key.name]
    return {
        "schema": Schema.KEY_USAGE,
        "as_of": rfc3339(keeper.now()),
        "key": key.name,
        "project": key.project,
        "expires_at": None if key.expires_at is None else rfc3339(key.expires_at),
        "limits": [{**limit_record(each), "forecast": forecast_record(each)} for each in limits],
    }
