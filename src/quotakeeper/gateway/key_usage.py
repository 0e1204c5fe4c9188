"""Answers `GET /v1/me/usage`: the limits of the key that asks, and what is left of them."""

from __future__ import annotations

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import forecast_record, limit_record
from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.gateway.keys import PresentedKey
from quotakeeper.keeper import Keeper
from quotakeeper.schemas import Schema

USAGE_PATH = "/v1/me/usage"


async def key_usage(keeper: Keeper, key: PresentedKey) -> dict[str, object]:
    """Return the limits with labels of a key, their use and forecast.

    Limits without labels are left out: they tell what others use.
    """
    status = await keeper.astatus()
    return {
        "schema": Schema.KEY_USAGE,
        "as_of": rfc3339(status.as_of),
        "key": key.name,
        "project": key.project,
        "limits": [
            {**limit_record(each), "forecast": forecast_record(each)}
            for each in status.limits
            if _is_of(each, key.scope)
        ],
    }


def _is_of(entry: LimitStatus, labels: dict[str, str]) -> bool:
    scope = entry.limit.scope
    return bool(scope) and all(labels.get(name) == value for name, value in scope.items())
