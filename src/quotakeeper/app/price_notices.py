"""Formats future price changes: one line for each model and day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quotakeeper.app.records.amounts import grouped
from quotakeeper.app.upcoming_prices import PriceChange

MOST_LINES = 6
_MORE = "and {n} more price changes; see quotakeeper prices list"
_ONE_MORE = "and 1 more price change; see quotakeeper prices list"


class Translator(Protocol):
    """Translates a text to the language `lang` and replaces the {placeholders} in the text."""

    @property
    def lang(self) -> str:
        """The language, either "en" or "vi"."""

    def __call__(self, text: str, **values: object) -> str:
        """Return `text` in the language `lang`, with `values` in place of the {placeholders}."""


def notice_lines(
    changes: Sequence[PriceChange], words: Translator, most: int = MOST_LINES
) -> list[str]:
    """Return at most `most` lines, one for each model and day of a price change.

    If there are more changes, one further line says how many are left out.
    """
    lang = words.lang
    by_model: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        row = change.row
        options = " ".join(f"{name}={value}" for name, value in row.options.items())
        name = f"{row.provider}/{row.model}" + (f" ({options})" if options else "")
        place = (row.effective_from.isoformat(), name, grouped(str(row.per), lang))
        after = grouped(f"{row.usd:f}", lang)
        before = "?" if change.before is None else grouped(f"{change.before:f}", lang)
        by_model.setdefault(place, []).append(f"{row.meter} {before} -> {after}")
    lines = [
        words(
            "price change on {date}: {model}: {prices} USD for {per}",
            date=date, model=name, prices=", ".join(prices), per=per,
        )
        for (date, name, per), prices in by_model.items()
    ]  # fmt: skip
    more = len(lines) - most
    if more > 0:
        lines = [
            *lines[:most],
            words(_ONE_MORE) if more == 1 else words(_MORE, n=more),
        ]
    return lines
