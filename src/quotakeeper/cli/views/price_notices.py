"""Formats future price changes: one line for each model and day."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.app.upcoming_prices import PriceChange
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures

MOST_LINES = 6


def notice_lines(changes: Sequence[PriceChange], session: CommandContext) -> list[str]:
    """Return at most six lines, and a line with the number of further changes."""
    words, lang = session.words, session.lang
    by_model: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        row = change.row
        options = " ".join(f"{name}={value}" for name, value in row.options.items())
        name = f"{row.provider}/{row.model}" + (f" ({options})" if options else "")
        place = (row.effective_from.isoformat(), name, figures.whole(row.per, lang))
        after = figures.grouped(f"{row.usd:f}", lang)
        before = "?" if change.before is None else figures.grouped(f"{change.before:f}", lang)
        by_model.setdefault(place, []).append(f"{row.meter} {before} -> {after}")
    lines = [
        words(
            "price change on {date}: {model}: {prices} USD for {per}",
            date=date, model=name, prices=", ".join(prices), per=per,
        )
        for (date, name, per), prices in by_model.items()
    ]  # fmt: skip
    more = len(lines) - MOST_LINES
    if more > 0:
        lines = [
            *lines[:MOST_LINES],
            words("and {n} more price changes; see quotakeeper prices list", n=more),
        ]
    return lines
