"""Reports: the state of limits, and usage grouped by dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum, bucket_start
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.numbers import percentage
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.windows import Period, moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field, replace

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.forecast import Forecast

DIMENSIONS = ("provider", "model", "operation", "day", "hour", "outcome", "provenance")


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The state of one limit. Amounts are in the limit's base unit; `percent` is that of `used`.

    `forecast` is None if it cannot be computed or was not requested. `others` is set on the last
    listed value of a limit per label: how many used values are not listed. `unpriced_calls` is how
    many calls of the period have no known price, to five minutes. Their cost is in none of these
    figures, so a limit that would be "ok" is "unknown".
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
        """Whether the use is known at least in part. It is unknown if only unpriced calls were
        made."""
        return not self.unpriced_calls or self.used > 0


@dataclass(frozen=True, slots=True)
class Status:
    """The state of all limits at instant `as_of`. `pauses` are the pauses in force.

    `quotas` are the providers' own quotas, from reports or presets; they refuse no call. `doubt` is
    set while the machine's clock is not trusted: `as_of` is then the last trusted time.
    """

    as_of: int
    limits: tuple[LimitStatus, ...]
    open_reservations: int = 0
    pauses: tuple[CallPause, ...] = ()
    quotas: tuple[ProviderQuota, ...] = ()
    doubt: ClockDoubt | None = None


@dataclass(slots=True)
class UsageRow:
    """The usage of one group. `cost_pico` is the cost of its priced calls only."""

    key: tuple[str, ...]
    calls: int = 0
    quantities: dict[str, int] = field(default_factory=dict)
    cost_pico: int = 0
    unpriced_calls: int = 0
    provenances: dict[str, int] = field(default_factory=dict)


def limit_status(verdict: Verdict) -> LimitStatus:
    """Turn a verdict into a status: ok below the first threshold, then warning, exceeded at 100 %."""
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
    """The instant from which unpriced calls matter to a limit on cost; None if there is no such
    limit."""
    starts = [entry.period.start_at for entry in status.limits if entry.limit.meter == "cost"]
    return min(starts, default=None)


def with_unpriced(status: Status, slots: Iterable[BucketSum]) -> Status:
    """The status with the unpriced calls of these slots added to each matching limit on cost."""
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
    """`used` as a percentage of `amount`, to two decimals; 100 if the amount is 0."""
    if amount == 0:
        return Decimal(100)
    return percentage(used, amount)


def add_up(parts: Iterable[BucketSum], by: Sequence[str], zone: tzinfo) -> list[UsageRow]:
    """Sum usage by dimensions (see DIMENSIONS, or "scope.<label>"). Days are those of `zone`.

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
    return [rows[key] for key in sorted(rows)]


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
    return dict(labels.scope).get(name.removeprefix("scope."), "")


@lru_cache(maxsize=256)  # slots come in order of time, and many have the same start
def _day(at: int, zone: tzinfo) -> str:
    return moment(at, zone).date().isoformat()


@lru_cache(maxsize=256)
def _hour(at: int, zone: tzinfo) -> str:
    return moment(at, zone).strftime("%Y-%m-%dT%H:00")
