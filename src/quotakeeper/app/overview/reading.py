"""Reads what the overview shows: the limits, the days of this month, the latest and open calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.overview.day_sums import DaySum, DaySums, days_until
from quotakeeper.app.overview.judgement import Judgement, is_full, judge, refused_calls
from quotakeeper.app.virtual_keys.key_limits import limits_of_keys
from quotakeeper.domain.forecasting.urgency import by_urgency
from quotakeeper.domain.keys.virtual_key import KeyState, VirtualKey
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.domain.windows import Window, period_at
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status
    from quotakeeper.domain.ledger.reservations import Hold
    from quotakeeper.domain.usage import UsageEvent

SHOWN_DAYS = 14
_LATEST_CALLS = 8
_DAY, _MONTH = Window("day"), Window("month")
KeyList = Callable[[], Sequence[VirtualKey]]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the overview shows.

    - `limits`: the configured limits and those of virtual keys, most urgent first.
    - `days`: the sums from the start of this month, or of the last 14 days, to today.
    - `open_calls`: the reservations of calls under way, newest first, without leases.
    """

    status: Status
    limits: tuple[LimitStatus, ...]
    judgement: Judgement
    days: tuple[DaySum, ...]
    calls: tuple[UsageEvent, ...]
    open_calls: tuple[Hold, ...]
    zone: tzinfo
    ledger: str
    currency: ExchangeRate | None

    @property
    def today(self) -> DaySum:
        """The sum of today."""
        return self.days[-1]

    @property
    def month(self) -> list[DaySum]:
        """The sums of the days of this month."""
        start = period_at(_MONTH, self.zone, self.status.as_of).start_at
        return [each for each in self.days if each.period.start_at >= start]

    @property
    def week_before(self) -> list[DaySum]:
        """The sums of the seven days before today."""
        return list(self.days[-8:-1])

    def budget(self, kind: str) -> LimitStatus | None:
        """The limit on all cost per "day" or "month" with the smallest amount; None without one."""
        found = [
            each for each in self.status.limits
            if each.limit.meter == "cost" and each.limit.window.kind == kind
            and each.limit.mode is not Mode.SHADOW and _counts_all(each)
        ]  # fmt: skip
        return min(found, key=lambda each: each.limit.amount, default=None)


class OverviewReader:
    """Reads the overview again and again. One thread uses it at a time."""

    def __init__(self, keeper: Keeper, keys: KeyList = tuple) -> None:
        self._keeper = keeper
        self._keys = keys
        self._sums = DaySums(keeper.zone)

    def forget_days(self) -> None:
        """Read the days that have ended again, because one of them has changed."""
        self._sums.forget()

    def read(self) -> Overview:
        """Read the ledger. Raises LedgerError."""
        keeper = self._keeper
        status = keeper.status()
        now, zone = status.as_of, keeper.zone
        shown = period_at(_DAY, zone, now)
        for _ in range(SHOWN_DAYS - 1):
            shown = period_at(_DAY, zone, shown.start_at - 1)
        since = min(shown.start_at, period_at(_MONTH, zone, now).start_at)
        periods = days_until(zone, now, since)
        parts = keeper.slots(since=self._sums.first_unread(periods))
        days = self._sums.add_up(parts, periods)
        calls = tuple(keeper.events(limit=_LATEST_CALLS, newest_first=True))
        of_keys = self._limits_of_keys(status)
        judgement = judge(status, of_keys, refused_calls(keeper, calls))
        holds = [each for each in keeper.reservations() if not each.is_lease]
        limits = tuple(by_urgency((*status.limits, *of_keys)))
        return Overview(
            status, limits, judgement, tuple(days), calls, tuple(reversed(holds)), zone,
            keeper.settings.ledger, keeper.settings.currency,
        )  # fmt: skip

    def _limits_of_keys(self, status: Status) -> list[LimitStatus]:
        """Return the limits of keys that the status leaves out: it lists only the most used values."""
        keys = [each for each in self._keys() if each.state is KeyState.ACTIVE]
        if not keys:
            return []
        found: dict[str, LimitStatus] = {}
        shown = {each.limit.name for each in status.limits}
        for limits in limits_of_keys(self._keeper, keys).values():
            for each in limits:
                is_told = each.used or each.reserved or is_full(each)  # an amount of 0 is full
                if each.limit.name not in shown and is_told:
                    found.setdefault(each.limit.name, each)
        return list(found.values())


def _counts_all(entry: LimitStatus) -> bool:
    limit = entry.limit
    return not (limit.provider or limit.model or limit.operation or limit.scope or limit.per)
