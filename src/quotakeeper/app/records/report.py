"""A usage report: usage added up by time and labels, as a JSON record and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.records.amounts import rate_record
from quotakeeper.app.records.budgets import Budget, budget_record, budgets
from quotakeeper.app.records.csv_text import Number, csv_line
from quotakeeper.app.records.instants import rfc3339, zone_text
from quotakeeper.app.records.known_cost import known_cost, known_cost_text
from quotakeeper.domain.money import ExchangeRate, divide_half_even, parse_decimal, usd_text
from quotakeeper.domain.numbers import whole_times
from quotakeeper.domain.units import METERS, STORED_METERS, by_meter, units_text
from quotakeeper.domain.usage import MEDIA_LABEL
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.app.records.as_if import AsIf
    from quotakeeper.domain.forecasting.status import UsageRow


JOB = "job"
_MOST_SECONDS = 10**9


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The usage of `[since, until)`, added up by the dimensions in `by`, and the budgets of this time.

    Instants are microseconds since 1970 UTC. `media` maps a job to the length of its media in
    milliseconds.
    """

    by: tuple[str, ...]
    rows: tuple[UsageRow, ...]
    since: int | None
    until: int | None
    now: int
    zone: tzinfo
    budgets: tuple[Budget, ...] = ()
    media: Mapping[str, int] = field(default_factory=dict)
    currency: ExchangeRate | None = None
    as_if: AsIf | None = None

    def media_milliseconds(self, rows: Sequence[UsageRow]) -> int:
        """Return the total length of the media of all jobs in `rows`, in milliseconds; 0 if no
        length is known."""
        if not self.media or not self.by_job:
            return 0
        jobs = {row.key[self.by.index(JOB)] for row in rows}
        return sum(self.media[job] for job in jobs if job in self.media)

    def cost_of_a_minute(self, rows: Sequence[UsageRow]) -> int | None:
        """Return the cost of `rows` per minute of media, in pico-dollars.

        Rows of jobs without a known length are left out. Returns None if no length is known, or if
        a call has no price.
        """
        known = [row for row in rows if self.media_milliseconds([row])]
        length = self.media_milliseconds(known)
        if not length or any(row.unpriced_calls for row in known):
            return None
        return divide_half_even(sum(row.cost_pico for row in known) * 60_000, length)

    @property
    def by_job(self) -> bool:
        """Whether the usage is added up by job. Each row then belongs to one job."""
        return JOB in self.by


def usage_report(
    keeper: Keeper, by: tuple[str, ...], since: int | None, until: int | None, now: int,
    other_model: str = "",
) -> UsageReport:  # fmt: skip
    """Add up the calls of `[since, until)`, in microseconds since 1970 UTC; None means no bound.

    With `other_model`, also calculate what the calls would have cost on that model.
    """
    beside_other = None
    if other_model:
        from quotakeeper.app.records.as_if import as_if  # noqa: PLC0415 - it imports the catalogue

        beside_other = as_if(keeper, other_model, by, since, until)
    rows = keeper.usage(since=since, until=until, by=by)
    beside = tuple(budgets(keeper, since, until))
    media = media_lengths(keeper, since, until) if JOB in by else {}
    return UsageReport(
        by, tuple(rows), since, until, now, keeper.zone, beside, media,
        currency=keeper.settings.currency,
        as_if=beside_other,
    )  # fmt: skip


def media_lengths(keeper: Keeper, since: int | None, until: int | None) -> dict[str, int]:
    """Return the length of each job's media, in milliseconds. Jobs without a known length are left
    out.

    If the calls of a job name different lengths, each length counts as another file, and the
    lengths are added.
    """
    lengths: dict[str, int] = {}
    for row in keeper.usage(since=since, until=until, by=(JOB, f"scope.{MEDIA_LABEL}")):
        job, told = row.key
        milliseconds = _milliseconds(told)
        if job and milliseconds:
            lengths[job] = lengths.get(job, 0) + milliseconds
    return lengths


def _milliseconds(told: str) -> int:
    # Any program can set this label to any text.
    try:
        seconds = parse_decimal(told, MEDIA_LABEL)
    except InvalidInputError:
        return 0
    return whole_times(seconds, 1000) if 0 < seconds < _MOST_SECONDS else 0


def report_record(report: UsageReport) -> dict[str, object]:
    """Return a report as a JSON record. Money is decimal text; amounts are whole base units."""
    return {
        "schema": Schema.REPORT,
        "generated_at": rfc3339(report.now),
        "timezone": zone_text(report.zone),
        "since": None if report.since is None else rfc3339(report.since),
        "until": None if report.until is None else rfc3339(report.until),
        "by": list(report.by),
        **({"currency": rate_record(report.currency)} if report.currency else {}),
        **_as_if_record(report),
        "rows": [
            {**dict(zip(report.by, row.key, strict=True)), **_row_record(report, [row])}
            for row in report.rows
        ],
        "totals": _row_record(report, report.rows),
        "budgets": [budget_record(each) for each in report.budgets],
    }


def report_csv_lines(report: UsageReport) -> Iterator[str]:
    """Yield a report as CSV lines, the header first. Every meter that the ledger can store has a
    column."""
    meters = [name for name in METERS if name in STORED_METERS]
    more = list(_more_record(report, []))
    yield csv_line([*report.by, "calls", *meters, "cost_usd", "unpriced_calls", *more])
    for row in report.rows:
        totals = by_meter(row.quantities)
        cells: list[str | Number | None] = [*row.key, Number(row.calls)]
        cells += [Number(totals[name]) if name in totals else None for name in meters]
        cost = known_cost_text([row])
        cells += [None if cost is None else Number(cost), Number(row.unpriced_calls)]
        told = _more_record(report, [row]).values()
        cells += [None if each is None else Number(str(each)) for each in told]
        yield csv_line(cells)


def _row_record(report: UsageReport, rows: Sequence[UsageRow]) -> dict[str, object]:
    return {**sums_record(rows), **_more_record(report, rows)}


def _more_record(report: UsageReport, rows: Sequence[UsageRow]) -> dict[str, object]:
    """Return the figures that only some reports have. The keys depend on the report, not on `rows`."""
    more = media_record(report, rows)
    if report.currency is not None:
        cost = known_cost(rows)
        local = None if cost is None else f"{report.currency.amount(cost):f}"
        more[f"cost_{report.currency.currency.lower()}"] = local
    if report.as_if is not None:
        more |= report.as_if.record([row.key for row in rows])
    return more


def _as_if_record(report: UsageReport) -> dict[str, object]:
    if report.as_if is None:
        return {}
    told = {"model": report.as_if.name, "basis": report.as_if.basis, "provenance": "assumed"}
    return {"as_if": told}


def media_record(report: UsageReport, rows: Sequence[UsageRow]) -> dict[str, object]:
    """Return the length of the media in `rows`, and the cost per minute of media.

    Returns {} if the report is not by job.
    """
    if not report.by_job:
        return {}
    length, minute = report.media_milliseconds(rows), report.cost_of_a_minute(rows)
    return {
        "media_seconds": units_text(length, METERS["audio_seconds"]) if length else None,
        "cost_usd_per_media_minute": None if minute is None else usd_text(minute),
    }


def sums_record(rows: Sequence[UsageRow]) -> dict[str, object]:
    """Return the calls, quantities and costs of `rows`, added up."""
    return {
        "calls": sum(row.calls for row in rows),
        "quantities": quantities_of(rows),
        "cost_usd": known_cost_text(rows),
        "unpriced_calls": sum(row.unpriced_calls for row in rows),
        "provenance": provenances_of(rows),
    }


def quantities_of(rows: Sequence[UsageRow]) -> dict[str, int]:
    """Return the sum of each meter over `rows`, in base units, sorted by meter name."""
    totals: dict[str, int] = {}
    for row in rows:
        for meter, amount in by_meter(row.quantities).items():
            totals[meter] = totals.get(meter, 0) + amount
    return dict(sorted(totals.items()))


def provenances_of(rows: Sequence[UsageRow]) -> dict[str, int]:
    """Return how many calls in `rows` have each provenance."""
    totals: dict[str, int] = {}
    for row in rows:
        for name, count in row.provenances.items():
            totals[str(name)] = totals.get(str(name), 0) + count
    return dict(sorted(totals.items()))
