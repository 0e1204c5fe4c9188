"""Slots: usage added up over stretches of five minutes, for all who look at more than single calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, Quantities, measure
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


def of_one(event: UsageEvent) -> SlotSum:
    """One event as a sum of its own, at its own instant."""
    unpriced = int(event.cost_pico is None)
    return SlotSum(event.at, event.labels, event.provenance, event.outcome, 1, unpriced,
                   event.quantities, event.cost_pico or 0)  # fmt: skip


def slot_start(at: int) -> int:
    """Where the slot starts that an instant lies in."""
    return at // SLOT * SLOT


def whole_slots(since: int | None, until: int | None) -> tuple[int | None, int | None]:
    """A range widened to whole slots."""
    start = None if since is None else slot_start(since)
    return start, None if until is None else -(-until // SLOT) * SLOT


def slots_of(events: Iterable[UsageEvent]) -> Iterator[SlotSum]:
    """Add events up by slot, labels, provenance and outcome; slots in order of time.

    Events come in the order they were written down in, which need not be that of time, so all sums
    are held in memory until the last of them.
    """
    slots: dict[int, dict[_Kind, _Sum]] = {}
    for event in events:
        sums = slots.setdefault(slot_start(event.at), {})
        _add(sums.setdefault((event.labels, event.provenance, event.outcome), _Sum()), event)
    for at in sorted(slots):
        yield from _closed(at, slots[at])


def use_by_slot(accounts: Sequence[Account], slots: Iterable[SlotSum]) -> list[dict[int, int]]:
    """For each account what its calls used: start of slot -> base units, zeros left out."""
    uses: list[dict[int, int]] = [{} for _ in accounts]
    meters = [METERS[account.meter] for account in accounts]
    matching: dict[CallLabels, list[int]] = {}
    for slot in slots:
        found = matching.get(slot.labels)
        if found is None:
            found = [i for i, account in enumerate(accounts) if account.matches(slot.labels)]
            matching[slot.labels] = found
        for index in found:
            amount = measure(meters[index], slot.quantities, slot.cost_pico)
            if amount:
                uses[index][slot.slot_at] = uses[index].get(slot.slot_at, 0) + amount
    return uses


def _add(total: _Sum, event: UsageEvent) -> None:
    total.calls += 1
    if event.cost_pico is None:
        total.unpriced_calls += 1
    else:
        total.cost_pico += event.cost_pico
    for key, amount in event.quantities.items():
        total.quantities[key] = total.quantities.get(key, 0) + amount


def _closed(at: int, sums: dict[_Kind, _Sum]) -> list[SlotSum]:
    found = [
        SlotSum(at, *kind, total.calls, total.unpriced_calls,
                dict(sorted(total.quantities.items())), total.cost_pico)
        for kind, total in sums.items()
    ]  # fmt: skip
    return sorted(found, key=in_order)


def in_order(part: SlotSum) -> tuple[object, ...]:
    """What sums are sorted by: time, then labels, provenance and outcome."""
    labels = part.labels
    return (part.slot_at, labels.provider, labels.model, labels.operation, labels.scope,
            part.provenance, part.outcome)  # fmt: skip
