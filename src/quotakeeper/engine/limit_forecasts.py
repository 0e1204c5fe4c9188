"""Adds forecasts to the status of limits, from their use in five-minute slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.forecasting.forecast import LimitSnapshot, forecast
from quotakeeper.domain.forecasting.status import LimitStatus, Status
from quotakeeper.value_classes import replace


def snapshot_of(entry: LimitStatus, now: int) -> LimitSnapshot:
    """Return the input of a forecast for the limit in `entry`."""
    limit = entry.limit
    return LimitSnapshot(limit.amount, entry.used, entry.reserved, limit.window, entry.period, now)


def looks_back_to(status: Status) -> int | None:
    """Return the instant from which forecasts need usage; None if no limit needs a forecast.

    A limit needs a forecast if it was used and its period has an end.
    """
    starts = [
        snapshot_of(entry, status.as_of).start_at
        for entry in status.limits if entry.used and not entry.limit.window.is_endless
    ]  # fmt: skip
    return min(starts, default=None)


def with_forecasts(status: Status, uses: Sequence[Mapping[int, int]]) -> Status:
    """Return the status with a forecast for each limit, except for prepaid credit, which never
    resets.

    `uses` has one mapping per limit: from the start of a five-minute slot to the use in it.
    """
    foreseen = tuple(
        entry
        if entry.limit.window.is_endless
        else replace(entry, forecast=forecast(snapshot_of(entry, status.as_of), use))
        for entry, use in zip(status.limits, uses, strict=True)
    )
    return replace(status, limits=foreseen)
