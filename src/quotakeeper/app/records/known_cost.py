"""Adds up the cost of usage whose price is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.domain.money import usd_text

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import UsageRow


def known_cost(rows: Sequence[UsageRow]) -> int | None:
    """Return the cost of the calls with a price, in pico-dollars; None if no call has a price."""
    calls = sum(row.calls for row in rows)
    if calls and calls == sum(row.unpriced_calls for row in rows):
        return None
    return sum(row.cost_pico for row in rows)


def known_cost_text(rows: Sequence[UsageRow]) -> str | None:
    """Return the cost of the calls with a price as decimal text in US dollars; None if no call has
    a price."""
    cost = known_cost(rows)
    return None if cost is None else usd_text(cost)
