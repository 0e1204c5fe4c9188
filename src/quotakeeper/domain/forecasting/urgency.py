"""The order in which limits need attention: limits that refuse calls come first."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from quotakeeper.domain.forecasting.status import LimitStatus
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.windows import FOREVER

_RANKS = {"exceeded": 0, "warning": 1, "unknown": 2, "ok": 3}


def by_urgency(limits: Iterable[LimitStatus]) -> list[LimitStatus]:
    """Sort limits by state, then by when each limit is exhausted, then by percent used.

    Shadow limits refuse no call, so they come last. Limits that are equal keep their order.
    """
    return sorted(limits, key=_urgency)


def _urgency(entry: LimitStatus) -> tuple[bool, int, int, Decimal]:
    found = entry.forecast
    exhausts_at = None if found is None else found.exhausts_at
    return (
        entry.limit.mode is Mode.SHADOW,
        _RANKS[str(entry.state)],
        FOREVER if exhausts_at is None else exhausts_at,
        -entry.percent,
    )
