"""Reports: the state of limits, and usage grouped by dimensions such as provider or day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum, bucket_start
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.money import usd_from_pico, usd_text
from quotakeeper.domain.numbers import percentage
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.units import by_meter, units_text
from quotakeeper.domain.usage import JOB_LABEL
from quotakeeper.domain.windows import Period, moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field, replace

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.forecast import Forecast

DIMENSIONS = ("provider", "model", "operation", "job", "day", "hour", "outcome", "provenance")


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The state of one limit. Amounts are in the limit's base unit.

    - `percent`: `used` as a percentage of the limit's amount, with two decimals. It is 0 only if
      nothing is used, and below 100 if less than the amount is used.
    - `state`: "ok", "warning", "exceeded" or "unknown".
    - `resets_at`: when the period ends, in microseconds since 1970 UTC.
    - `forecast`: None if it cannot be computed or was not requested.
    - `others`: a limit per label lists only the label values with the most use. On the last listed
      value, `others` is the number of used values that are not listed.
    - `unpriced_calls`: the number of calls without a known price since the five-minute slot in
      which the period began. `used` does not contain the cost of these calls. If there are such
      calls, the state is "unknown" instead of "ok".
    """

    limit: Limit
    period: Period
    used: int
    reserved: int
    remaining: int
    percent: Decimal
    state: str
    resets_at: int
    forecast: Forecast | None = None
    others: int = 0
    unpriced_calls: int = 0

    @property
    def is_told(self) -> bool:
        """Whether the use is known. It is unknown if calls were made and none has a known price."""
        return not self.unpriced_calls or self.used > 0

    @property
    def reset_time(self) -> datetime:
        """`resets_at` as a datetime in UTC."""
        return moment(self.resets_at)

    @property
    def used_usd(self) -> Decimal | None:
        """`used` in US dollars, exact; None if the limit is not on cost."""
        return self._usd(self.used)

    @property
    def reserved_usd(self) -> Decimal | None:
        """`reserved` in US dollars, exact; None if the limit is not on cost."""
        return self._usd(self.reserved)

    @property
    def remaining_usd(self) -> Decimal | None:
        """`remaining` in US dollars, exact; None if the limit is not on cost."""
        return self._usd(self.remaining)

    def _usd(self, amount: int) -> Decimal | None:
        return usd_from_pico(amount) if self.limit.meter == "cost" else None


@dataclass(frozen=True, slots=True)
class Status:
    """The state of all limits at instant `as_of` (microseconds since 1970 UTC).

    `pauses` are the pauses in force. `quotas` are the providers' own quotas, from reports or
    presets; they refuse no call. `doubt` is set while the machine's clock is not trusted: `as_of`
    is then the last trusted time.
    """

    as_of: int
    limits: tuple[LimitStatus, ...]
    open_reservations: int = 0
    pauses: tuple[CallPause, ...] = ()
    quotas: tuple[ProviderQuota, ...] = ()
    doubt: ClockDoubt | None = None

    @property
    def time(self) -> datetime:
        """`as_of` as a datetime in UTC."""
        return moment(self.as_of)

    def _repr_html_(self) -> str:
        # Only notebooks call this, so other programs do not load the module.
        from quotakeeper.domain.forecasting.html_tables import html_table  # noqa: PLC0415

        caption = f"Limits at {self.time.isoformat(timespec='seconds')}"
        header = (
            "limit",
            "used",
            "reserved",
            "remaining",
            "amount",
            "%",
            "state",
            "resets at (UTC)",
        )
        return html_table(caption, header, [_html_cells(entry) for entry in self.limits])


@dataclass(slots=True)
class UsageRow:
    """The usage of one group. `cost_pico` is the cost of the calls with a known price, in pico-USD."""

    key: tuple[str, ...]
    calls: int = 0
    quantities: dict[str, int] = field(default_factory=dict)
    cost_pico: int = 0
    unpriced_calls: int = 0
    provenances: dict[str, int] = field(default_factory=dict)

    @property
    def cost_usd(self) -> Decimal:
        """`cost_pico` in US dollars, exact."""
        return usd_from_pico(self.cost_pico)


class UsageTable(list[UsageRow]):
    """The rows of a usage report, grouped by the dimensions `by`. A notebook shows them as a table."""

    def __init__(self, rows: Iterable[UsageRow], by: Sequence[str]) -> None:
        super().__init__(rows)
        self.by = tuple(by)

    def _repr_html_(self) -> str:
        from quotakeeper.domain.forecasting.html_tables import html_table  # noqa: PLC0415

        keys = self.by or ("",)
        meters = sorted({meter for row in self for meter in by_meter(row.quantities)})
        header = (" / ".join(keys), "calls", *meters, "cost in USD", "calls without a price")
        cells = [
            (
                " / ".join(row.key),
                str(row.calls),
                *(str(by_meter(row.quantities).get(meter, 0)) for meter in meters),
                usd_text(row.cost_pico) if row.calls > row.unpriced_calls else "unknown",
                str(row.unpriced_calls),
            )
            for row in self
        ]
        return html_table("Usage, in base units (audio in milliseconds)", header, cells)


def _html_cells(entry: LimitStatus) -> tuple[str, ...]:
    limit, meter = entry.limit, entry.limit.meter_info
    amounts = (entry.used, entry.reserved, entry.remaining, limit.amount)
    ends = entry.reset_time.strftime("%Y-%m-%d %H:%M:%S")
    return (
        limit.name,
        *(f"{units_text(amount, meter)} {meter.unit}" for amount in amounts),
        f"{entry.percent}",
        entry.state,
        "never" if limit.window.is_endless else ends,
    )


def limit_status(verdict: Verdict) -> LimitStatus:
    """Return the status of a limit from a verdict on it.

    The state is "ok" below the first threshold, then "warning", and "exceeded" from 100 %.
    """
    limit, used = verdict.limit, verdict.used
    if used >= limit.amount:
        state = "exceeded"
    elif used >= limit.warns_from:
        state = "warning"
    else:
        state = "ok"
    return LimitStatus(limit, verdict.period, used, verdict.reserved, verdict.remaining,
                       percent_of(used, limit.amount), state, verdict.resets_at,
                       others=verdict.others)  # fmt: skip


def unpriced_since(status: Status) -> int | None:
    """Return the instant from which the status counts calls without a price.

    It is the earliest period start among the limits on cost, in microseconds since 1970 UTC. None
    if no limit is on cost.
    """
    starts = [entry.period.start_at for entry in status.limits if entry.limit.meter == "cost"]
    return min(starts, default=None)


def with_unpriced(status: Status, slots: Iterable[BucketSum]) -> Status:
    """Return the status with the unpriced calls in `slots` added to each cost limit that counts
    them.
    """
    found = [slot for slot in slots if slot.unpriced_calls]
    if not found:
        return status
    return replace(status, limits=tuple(_with_unpriced(each, found) for each in status.limits))


def _with_unpriced(entry: LimitStatus, slots: Sequence[BucketSum]) -> LimitStatus:
    if entry.limit.meter != "cost":
        return entry
    start, end = bucket_start(entry.period.start_at), entry.period.end_at
    count = sum(
        slot.unpriced_calls
        for slot in slots
        if start <= slot.bucket_at < end and entry.limit.matches(slot.labels)
    )
    if not count:
        return entry
    state = "unknown" if entry.state == "ok" else entry.state
    return replace(entry, unpriced_calls=count, state=state)


def percent_of(used: int, amount: int) -> Decimal:
    """Return `used` as a percentage of `amount`, as `percentage` does; 100 if `amount` is 0."""
    if amount == 0:
        return Decimal(100)
    return percentage(used, amount)


def add_up(parts: Iterable[BucketSum], by: Sequence[str], zone: tzinfo) -> UsageTable:
    """Sum usage by dimensions: those in DIMENSIONS, or "scope.<label>". Days are those of `zone`.

    Raises InvalidInputError for an unknown dimension.
    """
    for name in by:
        if name not in DIMENSIONS and not name.startswith("scope."):
            raise InvalidInputError(
                "by", f"unknown dimension {name[:40]!r}",
                "one of: " + ", ".join((*DIMENSIONS, "scope.<label>")),
            )  # fmt: skip
    rows: dict[tuple[str, ...], UsageRow] = {}
    for part in parts:
        key = tuple([_value(part, name, zone) for name in by])
        row = rows.get(key)
        if row is None:
            row = rows[key] = UsageRow(key)
        row.calls += part.calls
        for name, amount in part.quantities.items():
            row.quantities[name] = row.quantities.get(name, 0) + amount
        row.unpriced_calls += part.unpriced_calls
        row.cost_pico += part.cost_pico
        known = str(part.provenance)
        row.provenances[known] = row.provenances.get(known, 0) + part.calls
    return UsageTable((rows[key] for key in sorted(rows)), by)


def _value(part: BucketSum, name: str, zone: tzinfo) -> str:
    labels = part.labels
    match name:
        case "provider":
            return labels.provider
        case "model":
            return labels.model
        case "operation":
            return labels.operation
        case "day":
            return _day(part.bucket_at, zone)
        case "hour":
            return _hour(part.bucket_at, zone)
        case "outcome":
            return str(part.outcome)
        case "provenance":
            return str(part.provenance)
        case "job":
            return dict(labels.scope).get(JOB_LABEL, "")
    return dict(labels.scope).get(name.removeprefix("scope."), "")


@lru_cache(maxsize=256)  # slots come in order of time, and many have the same start
def _day(at: int, zone: tzinfo) -> str:
    return moment(at, zone).date().isoformat()


@lru_cache(maxsize=256)
def _hour(at: int, zone: tzinfo) -> str:
    return moment(at, zone).strftime("%Y-%m-%dT%H:00")
