"""Reads today's use and cost since midnight, and the state of the limits, most urgent first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.ledger_presence import check_is_there
from quotakeeper.app.records.clocks import doubt_record
from quotakeeper.app.records.day import day_record, day_use, spent_text
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.pauses import pause_record
from quotakeeper.app.records.status import forecast_record, limit_record
from quotakeeper.app.upcoming_prices import PriceChange, changes_of_recent_models
from quotakeeper.config import Settings
from quotakeeper.domain.forecasting.day_use import DayUse
from quotakeeper.domain.forecasting.urgency import by_urgency
from quotakeeper.domain.limits import Mode
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass, replace
from quotakeeper.wiring import MEMORY, ledger_path

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status


@dataclass(frozen=True, slots=True)
class Today:
    """Today's use and the status. The limits in `status` are sorted, most urgent first.

    `changes` are the next price changes of the models used in the last seven days. `is_there` is
    False if the ledger does not exist yet: then nothing was used, and no ledger is created.
    """

    status: Status
    use: DayUse
    zone: tzinfo
    ledger: str
    is_there: bool
    settings: Settings
    changes: tuple[PriceChange, ...] = ()

    @property
    def urgent(self) -> LimitStatus | None:
        """The most urgent limit that is not a shadow limit; None if there is none."""
        counted = [each for each in self.status.limits if each.limit.mode is not Mode.SHADOW]
        return counted[0] if counted else None


def look_at_today(
    settings: Settings, open_ledger: Callable[[str], Keeper], *, forecasts: bool = True
) -> Today:
    """Read today's use from the configured ledger. A missing ledger is not created.

    Raises InvalidInputError if the command line names a ledger that does not exist.
    """
    check_is_there(settings)
    path = ledger_path(settings)
    is_there = path is None or path.exists()
    with open_ledger(settings.ledger if is_there else MEMORY) as keeper:
        status = keeper.status(forecasts=forecasts)
        use = day_use(keeper, status.as_of)
        zone = keeper.zone
        changes = tuple(changes_of_recent_models(keeper, status.as_of)) if forecasts else ()
    sorted_status = replace(status, limits=tuple(by_urgency(status.limits)))
    return Today(sorted_status, use, zone, settings.ledger, is_there, settings, changes)


def today_record(today: Today) -> dict[str, object]:
    """Return today's use as a JSON record: the sums, then the limits as in the record of `status`."""
    status = today.status
    return {
        "schema": Schema.TODAY,
        "as_of": rfc3339(status.as_of),
        "ledger_exists": today.is_there,
        **day_record(today.use, today.zone),
        "limits": [
            {**limit_record(each), "forecast": forecast_record(each)} for each in status.limits
        ],
        "pauses": [pause_record(pause) for pause in status.pauses],
        "clock": None if status.doubt is None else doubt_record(status.doubt),
    }


def statusline_record(today: Today) -> dict[str, object]:
    """Return the record for a shell prompt: today's cost, and the most urgent limit (null if there
    is none)."""
    status, entry = today.status, today.urgent
    return {
        "schema": Schema.STATUSLINE,
        "as_of": rfc3339(status.as_of),
        "calls": today.use.calls,
        "cost_usd": spent_text(today.use),
        "unpriced_calls": today.use.unpriced_calls,
        "limit": None if entry is None else limit_record(entry),
        "paused": bool(status.pauses),
        "clock_trusted": status.doubt is None,
    }
