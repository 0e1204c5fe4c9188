"""Formats costs in the second currency, if the config has an exchange rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.app.records.amounts import local_money, rate_text
from quotakeeper.app.records.known_cost import known_cost
from quotakeeper.cli.context import CommandContext

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.day_use import DayUse
    from quotakeeper.domain.forecasting.status import LimitStatus


def local_amounts(entry: LimitStatus, session: CommandContext) -> list[str]:
    """Return the use and the amount of a cost limit in the second currency.

    Returns an empty list for other limits, or without a second currency.
    """
    rate = session.currency
    if rate is None or entry.limit.meter != "cost":
        return []
    used = local_money(entry.used if entry.is_told else None, rate, session.lang)
    used = used.removesuffix(f" {rate.currency}")
    return [f"{used} / {local_money(entry.limit.amount, rate, session.lang)}"]


def local_spent(use: DayUse, session: CommandContext) -> list[str]:
    """Return one line with the day's cost in the second currency, and the exchange rate with its source.

    Returns an empty list without a second currency or without calls.
    """
    rate, words = session.currency, session.words
    if rate is None or not use.calls:
        return []
    amount = local_money(known_cost(use.rows), rate, session.lang)
    mark = "+?" if use.unpriced_calls and amount != "?" else ""
    return [f"  {amount}{mark} ({words('assumed')}: {rate_text(rate, session.lang)})"]


def rate_note(session: CommandContext) -> list[str]:
    """Return one line that says which exchange rate is assumed; an empty list without a second
    currency."""
    rate = session.currency
    if rate is None:
        return []
    told = rate_text(rate, session.lang)
    return [session.words("{code} is assumed: {rate}", code=rate.currency, rate=told)]
