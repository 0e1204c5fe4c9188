"""Compares spending with budgets: the amount and the use of each limit, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import percent_text
from quotakeeper.clocks import zone_named
from quotakeeper.domain.forecasting.status import percent_of
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.units import measure, units_text
from quotakeeper.domain.windows import Period, period_at
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import Status

# Windows with few enough periods to list. For other windows, only the current period is listed.
LISTED_WINDOWS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit in one period. Amounts are in the limit's base unit.

    The amount of `limit` is the amount in force now. `used` is settled use. `reserved` is known
    only for the current period, else 0.
    """

    limit: Limit
    period: Period
    used: int
    reserved: int = 0

    @property
    def remaining(self) -> int:
        """The part of the amount that is neither used nor reserved; 0 if the amount is exceeded."""
        return max(0, self.limit.amount - self.used - self.reserved)

    @property
    def percent(self) -> Decimal:
        """The used part of the amount, in percent, as in `LimitStatus`."""
        return percent_of(self.used, self.limit.amount)


def budgets(keeper: Keeper, since: int | None, until: int | None) -> list[Budget]:
    """Return every limit with each period that overlaps `[since, until)`, newest period first.

    If `since` is None, only current periods are returned. A limit per label has one entry for each
    label value used in the period, most used first. An entry covers its whole period.
    """
    status = keeper.status(forecasts=False)
    now = [Budget(e.limit, e.period, e.used, e.reserved) for e in status.limits
           if until is None or e.period.start_at < until]  # fmt: skip
    if since is None:
        return now
    listed = [limit for limit in keeper.limits if limit.window.kind in LISTED_WINDOWS]
    under_way = {(each.limit.name, each.period.start_at) for each in now}
    past = [
        each for each in _past(keeper, status, listed, since, until)
        if (each.limit.name, each.period.start_at) not in under_way
    ]  # fmt: skip
    order = {limit.name: number for number, limit in enumerate(keeper.limits)}

    def rank(each: Budget) -> tuple[int, int, int, str]:
        limit = each.limit
        return order[limit.rule or limit.name], -each.period.start_at, -each.used, limit.name

    return sorted([*now, *past], key=rank)


def _past(
    keeper: Keeper, status: Status, limits: Sequence[Limit], since: int, until: int | None
) -> Iterator[Budget]:
    """Yield the budgets of the periods that overlap `[since, until)`.

    A limit per label has an entry only for periods with use.
    """
    in_force = {entry.limit.name: entry.limit for entry in status.limits}
    used: dict[tuple[Limit, Period], int] = {}
    starts = []
    for limit in limits:
        zone, at = zone_named(limit.timezone), since
        while at < (status.as_of if until is None else min(until, status.as_of + 1)):
            period = period_at(limit.window, zone, at)
            starts.append(period.start_at)
            if not limit.is_rule:
                used[in_force.get(limit.name, limit), period] = 0
            at = period.end_at
    for slot in keeper.slots(since=min(starts, default=since), until=until):
        for limit in limits:
            if limit.matches(slot.labels):
                own = limit.of(slot.labels)
                period = period_at(limit.window, zone_named(limit.timezone), slot.bucket_at)
                if period.end_at > since:
                    key = in_force.get(own.name, own), period
                    amount = measure(own.account_meter, slot.quantities, slot.cost_pico)
                    used[key] = used.get(key, 0) + amount
    for (limit, period), amount in used.items():
        yield Budget(limit, period, amount)


def budget_record(budget: Budget) -> dict[str, object]:
    """Return one budget as a JSON record. Amounts are decimal text in the limit's display unit."""
    limit = budget.limit
    meter = limit.meter_info
    return {
        "name": limit.name,
        "rule": limit.rule,
        "scope": dict(limit.scope),
        "meter": limit.meter,
        "unit": meter.unit,
        "window": str(limit.window),
        "mode": str(limit.mode),
        "since": None if limit.window.is_endless else rfc3339(budget.period.start_at),
        "until": None if limit.window.is_endless else rfc3339(budget.period.end_at),
        "amount": units_text(limit.amount, meter),
        "used": units_text(budget.used, meter),
        "reserved": units_text(budget.reserved, meter),
        "remaining": units_text(budget.remaining, meter),
        "percent": percent_text(budget.percent),
    }
