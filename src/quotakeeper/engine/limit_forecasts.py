"""Where each limit is going: its use by slot, and the forecast from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from quotakeeper.domain.forecasting.forecast import LimitSnapshot, forecast
from quotakeeper.domain.forecasting.status import LimitStatus, Status


def snapshot_of(entry: LimitStatus, now: int) -> LimitSnapshot:
    """A limit's status as what a forecast starts from."""
    limit = entry.limit
    return LimitSnapshot(limit.amount, entry.used, entry.reserved, limit.window, entry.period, now)


def looks_back_to(status: Status) -> int | None:
    """From where on slots are needed; None when nothing was used that could be foreseen."""
    starts = [
        snapshot_of(entry, status.as_of).start_at
        for entry in status.limits if entry.used and not entry.limit.window.is_endless
    ]  # fmt: skip
    return min(starts, default=None)


def with_forecasts(status: Status, uses: Sequence[Mapping[int, int]]) -> Status:
    """The status with a forecast on every limit that has one, from the use of each by slot.

    Prepaid credit has none: no period says until when it has to last.
    """
    foreseen = tuple(
        entry
        if entry.limit.window.is_endless
        else replace(entry, forecast=forecast(snapshot_of(entry, status.as_of), use))
        for entry, use in zip(status.limits, uses, strict=True)
    )
    return replace(status, limits=foreseen)
