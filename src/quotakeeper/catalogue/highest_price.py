"""Finds the highest price of a provider. A model without a price is counted at this price, to be
safe."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import product

from quotakeeper.domain.pricing.prices import LANGUAGES, MODES, PriceOptions
from quotakeeper.domain.pricing.selection import PriceSheet, lines_for

_WAYS = tuple(PriceOptions(mode=m, language=n) for m, n in product(MODES, LANGUAGES))
Rate = tuple[int, int]


class HighestRates:
    """Finds the highest rate for a quantity over all models of one provider. Caches each result."""

    def __init__(self, sheets: tuple[PriceSheet, ...]) -> None:
        self._sheets = sheets
        instants = {instant for sheet in sheets for instant in sheet.boundaries()}
        self._starts = sorted(instants)
        self._above = sorted({row.above for sheet in sheets for row in sheet.rows})
        self._found: dict[tuple[str, int, int], Rate | None] = {}

    def rate(self, key: str, prompt_tokens: int, at: int) -> Rate | None:
        """Return the highest rate of a quantity at instant `at`, in pico-dollars per base unit.

        The rate is a pair (numerator, denominator). Returns None if no model has a price for `key`.
        """
        asked = (key, bisect_left(self._above, prompt_tokens), bisect_right(self._starts, at))
        if asked not in self._found:
            self._found[asked] = self._search(key, prompt_tokens, at)
        return self._found[asked]

    def start_of(self, at: int) -> int:
        """Return the instant of the last price change at or before `at` (microseconds since 1970
        UTC).

        Before the first price change, returns `at`, or 0 if `at` is negative.
        """
        position = bisect_right(self._starts, at)
        return self._starts[position - 1] if position else max(at, 0)

    def _search(self, key: str, prompt_tokens: int, at: int) -> Rate | None:
        rates = [
            lines[0].rate
            for sheet, options in product(self._sheets, _WAYS)
            if (lines := lines_for(sheet, key, options, prompt_tokens, at))
        ]
        best = max(rates, default=None)
        return None if best is None else (best.numerator, best.denominator)
