"""Writes comparisons with a provider's account as JSON records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from quotakeeper.app.reconcile.bills import BillDifference, BillTotals
from quotakeeper.app.reconcile.comparing import ReconciledCall
from quotakeeper.app.reconcile.differences import CallTally, DifferenceKind
from quotakeeper.app.reconcile.requests import Compared, RequestWindow
from quotakeeper.app.records.events import event_record
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class ComparisonHeading:
    """What was compared. `applies` says whether corrections are written.

    `balances` is the remaining credit of the account: amounts with their units.
    """

    provider: str
    source: str
    window: RequestWindow
    applies: bool
    balances: Sequence[tuple[Decimal, str]] = ()


@dataclass(frozen=True, slots=True)
class BillHeading:
    """Which bill was compared. `timezone` is the time zone of the bill's days."""

    provider: str
    source: str
    timezone: str
    applies: bool


def write_comparison(
    write: Callable[[str], object], heading: ComparisonHeading, found: Iterable[ReconciledCall],
    sums: Compared,
) -> int:  # fmt: skip
    """Write a comparison as JSON. Each difference is written on one line, as soon as it is found.

    Returns how many differences were not corrected.
    """
    window = heading.window
    head = {
        "schema": Schema.RECONCILE,
        "provider": heading.provider,
        "source": heading.source,
        "since": None if window.since is None else rfc3339(window.since),
        "until": None if window.until is None else rfc3339(window.until),
        "applied": heading.applies,
    }
    counts = dict.fromkeys(map(str, DifferenceKind), 0)
    count = written = 0
    write("{\n" + "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items()))
    write('  "differences": [')
    for each in found:
        write(",\n    " if count else "\n    ")
        write(json.dumps(_difference_record(each)))
        count += 1
        written += each.written is not None
        counts[str(each.difference.kind)] += 1
    tail = {
        "counts": {"alike": sums.alike, **counts, "written": written},
        "totals": {"here": _tally_record(sums.here), "there": _tally_record(sums.there)},
        "balances": [{"amount": str(a), "units": unit} for a, unit in heading.balances],
    }
    write("\n  ],\n" if count else "],\n")
    write(",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in tail.items()) + "\n}\n")
    return count - written


def bill_comparison_record(
    heading: BillHeading, found: Sequence[BillDifference], totals: BillTotals
) -> dict[str, object]:
    """Return the differences between the ledger and a bill as a JSON record. Money is decimal text."""
    return {
        "schema": Schema.RECONCILE_BILL,
        "provider": heading.provider,
        "source": heading.source,
        "timezone": heading.timezone,
        "applied": False,
        "differences": [_bill_record(each) for each in found],
        "not_tokens": {sku: usd_text(cost) for sku, cost in sorted(totals.skus.items())},
        "alike": totals.alike,
        "totals": {
            "here": {"calls": totals.calls, "cost_usd": usd_text(totals.here_pico)},
            "there": {"lines": totals.lines, "cost_usd": usd_text(totals.there_pico)},
        },
    }


def _tally_record(tally: CallTally) -> dict[str, object]:
    return {
        "calls": tally.calls,
        "quantities": dict(sorted(tally.quantities.items())),
        "cost_usd": usd_text(tally.cost_pico),
        "unpriced_calls": tally.unpriced,
    }


def _difference_record(found: ReconciledCall) -> dict[str, object]:
    request, event = found.difference.request, found.difference.event
    at = request.at if request is not None else event.at if event is not None else 0
    model = event.labels.model if event is not None else request.model if request else ""
    operation = (
        event.labels.operation if event is not None else request.operation if request else ""
    )
    return {
        "kind": str(found.difference.kind),
        "applied": found.written is not None,
        "request_id": None if request is None else request.id,
        "event_id": None if event is None else event.id,
        "at": rfc3339(at),
        "model": model,
        "operation": operation,
        "here": None if event is None else _event_figures(event),
        "there": None if request is None else _request_figures(request),
        "written": None if found.written is None else _event_figures(found.written),
    }


def _event_figures(event: UsageEvent) -> Mapping[str, object]:
    record = event_record(event)
    return {name: record[name] for name in ("quantities", "cost_usd", "provenance", "outcome")}


def _request_figures(request: AccountRequest) -> Mapping[str, object]:
    return {
        "quantities": dict(sorted(request.quantities.items())),
        "cost_usd": None if request.cost_pico is None else usd_text(request.cost_pico),
        "outcome": "error" if request.failed else "ok",
    }


def _bill_record(each: BillDifference) -> dict[str, object]:
    is_money = each.meter == "cost"
    return {
        "kind": str(each.kind),
        "day": each.day.isoformat(),
        "model": each.model,
        "meter": each.meter,
        "here": usd_text(each.here) if is_money else each.here,
        "there": usd_text(each.there) if is_money else each.there,
        "uncertain_calls": each.assumed,
        "unpriced_calls": each.unpriced,
    }
