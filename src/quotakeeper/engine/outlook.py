"""Where each limit is going: its use by slot, and the forecast from that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from quotakeeper.domain.forecast import Stand, forecast
from quotakeeper.domain.slots import SlotSum
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine.reports import LimitStatus, Status


def stand_of(entry: LimitStatus, now: int) -> Stand:
    """A limit's status as what a forecast starts from."""
    limit = entry.limit
    return Stand(limit.amount, entry.used, entry.reserved, limit.window, entry.period, now)


def looks_back_to(status: Status) -> int | None:
    """From where on slots are needed; None when nothing was used that could be foreseen."""
    starts = [stand_of(entry, status.as_of).start_at for entry in status.limits if entry.used]
    return min(starts, default=None)


def with_forecasts(status: Status, slots: Iterable[SlotSum]) -> Status:
    """The status with a forecast on every limit that has one."""
    uses: list[dict[int, int]] = [{} for _ in status.limits]
    matching: dict[CallLabels, list[int]] = {}
    for slot in slots:
        found = matching.get(slot.labels)
        if found is None:
            numbered = enumerate(status.limits)
            found = [i for i, entry in numbered if entry.limit.matches(slot.labels)]
            matching[slot.labels] = found
        for index in found:
            meter = status.limits[index].limit.account_meter
            amount = measure(meter, slot.quantities, slot.cost_pico)
            if amount:
                uses[index][slot.slot_at] = uses[index].get(slot.slot_at, 0) + amount
    foreseen = tuple(
        replace(entry, forecast=forecast(stand_of(entry, status.as_of), use))
        for entry, use in zip(status.limits, uses, strict=True)
    )
    return replace(status, limits=foreseen)
