"""A usage report: sums over time and labels, as a record and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.budgets import Budget, budget_record, budgets
from quotakeeper.app.records.csv_text import Number, csv_line
from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, STORED_METERS, by_meter
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import UsageRow


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Sums of `[since, until)` by the labels in `by`, and the budgets beside them; instants are
    microseconds since 1970 UTC."""

    by: tuple[str, ...]
    rows: tuple[UsageRow, ...]
    since: int | None
    until: int | None
    now: int
    zone: tzinfo
    budgets: tuple[Budget, ...] = ()


def usage_report(
    keeper: Keeper, by: tuple[str, ...], since: int | None, until: int | None, now: int
) -> UsageReport:
    """Add up the calls of `[since, until)`; None is open."""
    rows = keeper.usage(since=since, until=until, by=by)
    beside = tuple(budgets(keeper, since, until))
    return UsageReport(by, tuple(rows), since, until, now, keeper.zone, beside)


def report_record(report: UsageReport) -> dict[str, object]:
    """A report as plain values; money is decimal text, amounts are whole base units."""
    return {
        "schema": Schema.REPORT,
        "generated_at": rfc3339(report.now),
        "timezone": zone_text(report.zone),
        "since": None if report.since is None else rfc3339(report.since),
        "until": None if report.until is None else rfc3339(report.until),
        "by": list(report.by),
        "rows": [
            {**dict(zip(report.by, row.key, strict=True)), **sums_record([row])}
            for row in report.rows
        ],
        "totals": sums_record(report.rows),
        "budgets": [budget_record(each) for each in report.budgets],
    }


def report_csv_lines(report: UsageReport) -> Iterator[str]:
    """A report as CSV lines, the header first; every stored meter has a column."""
    meters = [name for name in METERS if name in STORED_METERS]
    yield csv_line([*report.by, "calls", *meters, "cost_usd", "unpriced_calls"])
    for row in report.rows:
        totals = by_meter(row.quantities)
        cells: list[str | Number | None] = [*row.key, Number(row.calls)]
        cells += [Number(totals[name]) if name in totals else None for name in meters]
        cost = known_cost_text([row])
        cells += [None if cost is None else Number(cost), Number(row.unpriced_calls)]
        yield csv_line(cells)


def sums_record(rows: Sequence[UsageRow]) -> dict[str, object]:
    """The sums of some rows together."""
    return {
        "calls": sum(row.calls for row in rows),
        "quantities": quantities_of(rows),
        "cost_usd": known_cost_text(rows),
        "unpriced_calls": sum(row.unpriced_calls for row in rows),
        "provenance": provenances_of(rows),
    }


def known_cost_text(rows: Sequence[UsageRow]) -> str | None:
    """What the calls with a price cost, in US dollars; None where there are only calls without."""
    calls = sum(row.calls for row in rows)
    if calls and calls == sum(row.unpriced_calls for row in rows):
        return None
    return usd_text(sum(row.cost_pico for row in rows))


def quantities_of(rows: Sequence[UsageRow]) -> dict[str, int]:
    """Base units by meter over some rows, in the order of the meters' names."""
    totals: dict[str, int] = {}
    for row in rows:
        for meter, amount in by_meter(row.quantities).items():
            totals[meter] = totals.get(meter, 0) + amount
    return dict(sorted(totals.items()))


def provenances_of(rows: Sequence[UsageRow]) -> dict[str, int]:
    """How many calls of some rows have which provenance."""
    totals: dict[str, int] = {}
    for row in rows:
        for name, count in row.provenances.items():
            totals[str(name)] = totals.get(str(name), 0) + count
    return dict(sorted(totals.items()))
