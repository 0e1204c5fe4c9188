"""Formats a table that compares spending with budgets."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.app.records.budgets import Budget
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.clocks import zone_named
from quotakeeper.domain.windows import moment

MOST_ROWS = 40


def budget_lines(budgets: Sequence[Budget], session: CommandContext, width: int) -> list[str]:
    """Return a table with a row for each limit and period: amount, used, percent, and remaining amount.

    Returns an empty list if there are no budgets.
    """
    words, lang = session.words, session.lang
    if not budgets:
        return []
    header = [words("BUDGET"), words("PERIOD"), words("AMOUNT"), words("USED"), "%", words("LEFT")]
    rows = []
    for each in _with_use(budgets)[:MOST_ROWS]:
        meter = each.limit.meter_info
        rows.append([
            each.limit.name,
            _period(each),
            figures.with_unit(each.limit.amount, meter, lang),
            figures.quantity(each.used, meter, lang),
            figures.percent(each.percent, lang),
            figures.quantity(each.remaining, meter, lang),
        ])  # fmt: skip
    right = frozenset({2, 3, 4, 5})
    lines = table_lines(header, rows, right=right, width=width, ellipsis=session.glyphs.ellipsis)
    more = len(budgets) - len(rows)
    return [
        "",
        *lines,
        *([words("and {n} more; --json lists all of them", n=more)] if more else []),
    ]


def _with_use(budgets: Sequence[Budget]) -> list[Budget]:
    """Return the budgets without the periods in which nothing was used.

    The newest period of each limit is always returned. In `budgets`, the newest period of a limit
    must come before the limit's other periods.
    """
    seen: set[str] = set()
    told = []
    for each in budgets:
        if each.used or each.reserved or each.limit.name not in seen:
            told.append(each)
        seen.add(each.limit.name)
    return told


def _period(budget: Budget) -> str:
    start = moment(budget.period.start_at, zone_named(budget.limit.timezone))
    kind = budget.limit.window.kind
    if budget.limit.window.is_endless:
        return "-"
    if kind == "month":
        return f"{start:%Y-%m}"
    return f"{start:%Y-%m-%d}" if kind in ("day", "week") else f"{start:%Y-%m-%d %H:%M}"
