"""Formats costs in the second currency, where the config has a rate for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.app.records.amounts import local_money, rate_text
from quotakeeper.app.records.known_cost import known_cost
from quotakeeper.cli.context import CommandContext

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.day_use import DayUse
    from quotakeeper.domain.forecasting.status import LimitStatus


def local_amounts(entry: LimitStatus, session: CommandContext) -> list[str]:
    """Return what is used of a limit on cost, and its amount; an empty list for other limits."""
    rate = session.currency
    if rate is None or entry.limit.meter != "cost":
        return []
    used = local_money(entry.used if entry.is_told else None, rate, session.lang)
    used = used.removesuffix(f" {rate.currency}")
    return [f"{used} / {local_money(entry.limit.amount, rate, session.lang)}"]


def local_spent(use: DayUse, session: CommandContext) -> list[str]:
    """Return one line: the day's cost in the second currency, and the rate, its day and source."""
    rate, words = session.currency, session.words
    if rate is None or not use.calls:
        return []
    amount = local_money(known_cost(use.rows), rate, session.lang)
    mark = "+?" if use.unpriced_calls and amount != "?" else ""
    return [f"  {amount}{mark} ({words('assumed')}: {rate_text(rate, session.lang)})"]


def rate_note(session: CommandContext) -> list[str]:
    """Return one line: amounts in the second currency are assumed, and by which rate."""
    rate = session.currency
    if rate is None:
        return []
    told = rate_text(rate, session.lang)
    return [session.words("{code} is assumed: {rate}", code=rate.currency, rate=told)]
