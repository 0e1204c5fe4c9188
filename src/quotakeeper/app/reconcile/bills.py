"""Compares the ledger with a bill that lists days and SKUs but no requests. Does no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, tzinfo

from quotakeeper.app.reconcile.differences import DifferenceKind
from quotakeeper.domain.units import TOKEN_METERS, split_key
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.providers.account_records import BilledLine
from quotakeeper.value_classes import dataclass, field

_BILLED_AS = {**{name: name for name in TOKEN_METERS}, "thought_tokens": "output_tokens"}
_ENDING = re.compile(r"-(?:preview|latest|exp)(?:-[\d-]+)?$|-\d{3}$")
_PICO_PER_MILLIONTH = 10**6

# Returns at least the ledger's calls from a first to a last day.
EventsOfDays = Callable[[date | None, date | None], Iterable[UsageEvent]]


@dataclass(frozen=True, slots=True)
class BillDifference:
    """A difference between the ledger (`here`) and the bill (`there`) for one model on one day.

    If `meter` is "cost", both amounts are in pico-dollars. `assumed` counts the ledger's calls
    whose usage is assumed or estimated. `unpriced` counts the ledger's calls without a cost.
    """

    kind: DifferenceKind
    day: date
    model: str
    meter: str
    here: int
    there: int
    assumed: int = 0
    unpriced: int = 0


@dataclass(slots=True)
class BillTotals:
    """The sums of the ledger (`here_pico`, `calls`) and of the bill (`there_pico`, `lines`).

    `alike` counts the pairs of day and model without a difference. `skus` has each SKU that bills
    something other than tokens, with its cost in pico-dollars.
    """

    here_pico: int = 0
    there_pico: int = 0
    calls: int = 0
    lines: int = 0
    alike: int = 0
    skus: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _DaySum:
    quantities: dict[str, int] = field(default_factory=dict)
    cost_pico: int = 0
    entries: int = 0
    uncertain: int = 0
    unpriced: int = 0

    def add(self, meter: str, amount: int) -> None:
        self.quantities[meter] = self.quantities.get(meter, 0) + amount


def compare_bill(
    lines: Iterable[BilledLine], events: EventsOfDays, zone: tzinfo,
    days: tuple[date | None, date | None], totals: BillTotals,
) -> list[BillDifference]:  # fmt: skip
    """Return every difference by day and model. The totals of both sides are added to `totals`.

    Only sums are kept in memory. `days` are the first and the last day to compare. None means the
    first or the last day of the bill.
    """
    there: dict[tuple[date, str], _DaySum] = {}
    for line in lines:
        if not _within(line.day, days):
            continue
        found = there.setdefault((line.day, model_key(line.model)), _DaySum())
        found.entries += 1
        found.cost_pico += line.cost_pico
        totals.lines += 1
        totals.there_pico += line.cost_pico
        if line.meter:
            found.add(line.meter, line.quantity)
        else:
            totals.skus[line.sku] = totals.skus.get(line.sku, 0) + line.cost_pico
    if not there and days == (None, None):
        return []
    billed = sorted(day for day, _ in there)
    span = (
        days[0] or (billed[0] if billed else None),
        days[1] or (billed[-1] if billed else None),
    )
    here = _ledger_sums(events(*span), zone, span, totals)
    found_all: list[BillDifference] = []
    for key in sorted({*here, *there}):
        differing = list(_differences(key, here.get(key), there.get(key)))
        found_all += differing
        totals.alike += not differing
    return found_all


def model_key(model: str) -> str:
    """Return a model's name as bills write it, without "preview", date and version."""
    name = model
    while (shorter := _ENDING.sub("", name)) != name:
        name = shorter
    return name


def _within(day: date, span: tuple[date | None, date | None]) -> bool:
    return (span[0] is None or day >= span[0]) and (span[1] is None or day <= span[1])


def _ledger_sums(
    events: Iterable[UsageEvent], zone: tzinfo, span: tuple[date | None, date | None],
    totals: BillTotals,
) -> dict[tuple[date, str], _DaySum]:  # fmt: skip
    sums: dict[tuple[date, str], _DaySum] = {}
    for event in events:
        day = moment(event.at, zone).date()
        if not _within(day, span) or not _is_billed(event):
            continue
        model = event.model_served or event.labels.model
        found = sums.setdefault((day, model_key(model)), _DaySum())
        found.entries += 1
        found.uncertain += event.provenance in ("assumed", "estimated")
        found.unpriced += event.cost_pico is None
        found.cost_pico += event.cost_pico or 0
        totals.calls += 1
        totals.here_pico += event.cost_pico or 0
        for name, amount in event.quantities.items():
            meter = _BILLED_AS.get(split_key(name)[0])
            if meter:
                found.add(meter, amount)
    return sums


def _is_billed(event: UsageEvent) -> bool:
    return bool(event.cost_pico) or any(key != "requests" for key in event.quantities)


def _differences(
    key: tuple[date, str], here: _DaySum | None, there: _DaySum | None
) -> Iterable[BillDifference]:
    day, model = key
    ours, theirs = here or _DaySum(), there or _DaySum()
    if here is None or there is None:
        kind = DifferenceKind.MISSING_HERE if here is None else DifferenceKind.MISSING_THERE
    else:
        kind = DifferenceKind.NOW_KNOWN if ours.uncertain else DifferenceKind.QUANTITY
    counted = ours.quantities if not theirs.quantities else {**ours.quantities, **theirs.quantities}
    differ = False
    # If the bill's units are unknown, only its costs are compared.
    if theirs.quantities or there is None:
        for meter in sorted(counted):
            pair = ours.quantities.get(meter, 0), theirs.quantities.get(meter, 0)
            if pair[0] != pair[1]:
                differ = True
                yield BillDifference(kind, day, model, meter, *pair, ours.uncertain, ours.unpriced)
    # Google rounds the cost of each line to a millionth, so each line may differ by half of that.
    tolerance = _PICO_PER_MILLIONTH * max(1, theirs.entries) // 2
    if abs(ours.cost_pico - theirs.cost_pico) > tolerance or (not differ and None in (here, there)):
        if kind is DifferenceKind.QUANTITY and not differ:
            kind = DifferenceKind.PRICE
        yield BillDifference(kind, day, model, "cost", ours.cost_pico, theirs.cost_pico,
                             ours.uncertain, ours.unpriced)  # fmt: skip
