"""Adds forecasts to limits, from their use by slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.domain.forecasting.forecast import LimitSnapshot, forecast
from quotakeeper.domain.forecasting.status import LimitStatus, Status
from quotakeeper.value_classes import replace


def snapshot_of(entry: LimitStatus, now: int) -> LimitSnapshot:
    """The input of a forecast, from a limit's status."""
    limit = entry.limit
    return LimitSnapshot(limit.amount, entry.used, entry.reserved, limit.window, entry.period, now)


def looks_back_to(status: Status) -> int | None:
    """The instant from which forecasts need slots; None if no limit with a forecast was used."""
    starts = [
        snapshot_of(entry, status.as_of).start_at
        for entry in status.limits if entry.used and not entry.limit.window.is_endless
    ]  # fmt: skip
    return min(starts, default=None)


def with_forecasts(status: Status, uses: Sequence[Mapping[int, int]]) -> Status:
    """The status with a forecast for each limit that has one. `uses` is the use of each limit by
    slot.

    Prepaid credit has no forecast, because its period has no end.
    """
    foreseen = tuple(
        entry
        if entry.limit.window.is_endless
        else replace(entry, forecast=forecast(snapshot_of(entry, status.as_of), use))
        for entry, use in zip(status.limits, uses, strict=True)
    )
    return replace(status, limits=foreseen)
