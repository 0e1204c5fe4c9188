"""Slots: usage summed over five minutes. Reports and forecasts read them instead of single calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from quotakeeper.domain.limits import Account
from quotakeeper.domain.units import METERS, Quantities, measure
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND
from quotakeeper.value_classes import dataclass, field

BUCKET = 300 * SECOND


@dataclass(frozen=True, slots=True)
class BucketSum:
    """The usage of all calls with the same labels, provenance and outcome in one five-minute slot.

    `bucket_at` is the start of the slot, in microseconds since 1970 UTC. `cost_pico` is the cost of
    the calls with a known price, in pico-USD. `unpriced_calls` is how many of the `calls` have no
    known price.
    """

    bucket_at: int
    labels: CallLabels
    provenance: Provenance
    outcome: Outcome
    calls: int
    unpriced_calls: int
    quantities: Quantities
    cost_pico: int

    @property
    def slot_at(self) -> int:
        """The same as `bucket_at`, under the name that `Keeper.slots` documents."""
        return self.bucket_at


_Kind = tuple[CallLabels, Provenance, Outcome]


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    unpriced_calls: int = 0
    cost_pico: int = 0
    quantities: dict[str, int] = field(default_factory=dict)


def of_one(event: UsageEvent) -> BucketSum:
    """Return the sum of a single event. Its `bucket_at` is the instant of the event."""
    unpriced = int(event.cost_pico is None)
    return BucketSum(event.at, event.labels, event.provenance, event.outcome, 1, unpriced,
                   event.quantities, event.cost_pico or 0)  # fmt: skip


def bucket_start(at: int) -> int:
    """Return the start of the slot that contains instant `at` (microseconds since 1970 UTC)."""
    return at // BUCKET * BUCKET


def whole_buckets(since: int | None, until: int | None) -> tuple[int | None, int | None]:
    """Return the range widened to whole slots. None means no bound."""
    start = None if since is None else bucket_start(since)
    return start, None if until is None else -(-until // BUCKET) * BUCKET


def buckets_of(events: Iterable[UsageEvent]) -> Iterator[BucketSum]:
    """Sum events by slot, labels, provenance and outcome. Yields the sums in order of time.

    Events arrive in journal order, which may differ from order of time. So all sums are kept in
    memory until the last event is read.
    """
    slots: dict[int, dict[_Kind, _Sum]] = {}
    for event in events:
        sums = slots.setdefault(bucket_start(event.at), {})
        _add(sums.setdefault((event.labels, event.provenance, event.outcome), _Sum()), event)
    for at in sorted(slots):
        yield from _closed(at, slots[at])


def use_by_bucket(accounts: Sequence[Account], slots: Iterable[BucketSum]) -> list[dict[int, int]]:
    """Return the use of each account by slot (start of slot -> base units), without zeros."""
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
                uses[index][slot.bucket_at] = uses[index].get(slot.bucket_at, 0) + amount
    return uses


def _add(total: _Sum, event: UsageEvent) -> None:
    total.calls += 1
    if event.cost_pico is None:
        total.unpriced_calls += 1
    else:
        total.cost_pico += event.cost_pico
    for key, amount in event.quantities.items():
        total.quantities[key] = total.quantities.get(key, 0) + amount


def _closed(at: int, sums: dict[_Kind, _Sum]) -> list[BucketSum]:
    found = [
        BucketSum(at, *kind, total.calls, total.unpriced_calls,
                dict(sorted(total.quantities.items())), total.cost_pico)
        for kind, total in sums.items()
    ]  # fmt: skip
    return sorted(found, key=in_order)


def in_order(part: BucketSum) -> tuple[object, ...]:
    """Return the key to sort sums by time, then by labels, provenance and outcome."""
    labels = part.labels
    return (part.bucket_at, labels.provider, labels.model, labels.operation, labels.scope,
            part.provenance, part.outcome)  # fmt: skip
