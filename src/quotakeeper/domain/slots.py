"""Slots: usage added up over stretches of five minutes, for all who look at more than single calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND

SLOT = 300 * SECOND


@dataclass(frozen=True, slots=True)
class SlotSum:
    """What all calls of one kind used in the slot that starts at `slot_at`.

    `slot_at` is in microseconds since 1970 UTC. `cost_pico` is that of the priced calls alone;
    `unpriced_calls` of the `calls` had no known price.
    """

    slot_at: int
    labels: CallLabels
    provenance: Provenance
    outcome: Outcome
    calls: int
    unpriced_calls: int
    quantities: Quantities
    cost_pico: int


_Kind = tuple[CallLabels, Provenance, Outcome]


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    unpriced_calls: int = 0
    cost_pico: int = 0
    quantities: dict[str, int] = field(default_factory=dict)


def slot_start(at: int) -> int:
    """Where the slot starts that an instant lies in."""
    return at // SLOT * SLOT


def whole_slots(since: int | None, until: int | None) -> tuple[int | None, int | None]:
    """A range widened to whole slots."""
    start = None if since is None else slot_start(since)
    return start, None if until is None else -(-until // SLOT) * SLOT


def slots_of(events: Iterable[UsageEvent]) -> Iterator[SlotSum]:
    """Add events up by slot, labels, provenance and outcome; slots in order of time.

    The events come in the order they were booked in, which is that of time, so one slot is held
    in memory at a time.
    """
    at, sums = 0, dict[_Kind, _Sum]()
    for event in events:
        if sums and slot_start(event.at) != at:
            yield from _closed(at, sums)
            sums = {}
        at = slot_start(event.at)
        _add(sums.setdefault((event.labels, event.provenance, event.outcome), _Sum()), event)
    yield from _closed(at, sums)


def _add(total: _Sum, event: UsageEvent) -> None:
    total.calls += 1
    if event.cost_pico is None:
        total.unpriced_calls += 1
    else:
        total.cost_pico += event.cost_pico
    for key, amount in event.quantities.items():
        total.quantities[key] = total.quantities.get(key, 0) + amount


def _closed(at: int, sums: dict[_Kind, _Sum]) -> Iterator[SlotSum]:
    for (labels, provenance, outcome), total in sorted(sums.items(), key=_order):
        quantities = dict(sorted(total.quantities.items()))
        yield SlotSum(at, labels, provenance, outcome, total.calls, total.unpriced_calls,
                      quantities, total.cost_pico)  # fmt: skip


def _order(item: tuple[_Kind, _Sum]) -> tuple[object, ...]:
    labels, provenance, outcome = item[0]
    return (labels.provider, labels.model, labels.operation, labels.scope, provenance, outcome)
