"""Selects the price row of a quantity, by tier, modality, mode, plan, promotion, contract and date.

For one quantity of one request, the order is:

1. The keys that can price the quantity: its own key, then its substitutes. The substitutes are text
   input for audio input, input for cached input, and output for thoughts.
2. For each key, rows for long requests come first if the request is long.
3. A row of the requested service tier comes first, then the standard row with the tier's factor.
4. Of the matching rows, a contract comes first, then the closest match, then the latest row. Of two
   rows with the same start, the promotion comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from quotakeeper.domain.pricing.prices import (
    ANY_MODEL,
    ONE,
    Adjustment,
    PriceLine,
    PriceOptions,
    PriceRow,
)
from quotakeeper.domain.units import split_key
from quotakeeper.value_classes import dataclass

_STAND_INS = {
    "cached_input_tokens": "input_tokens",
    "thought_tokens": "output_tokens",
}


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """Everything that can price one model: its own rows, the provider's rows, and factors."""

    model: str
    rows: tuple[PriceRow, ...]
    tier_rules: tuple[Adjustment, ...] = ()
    discounts: tuple[Adjustment, ...] = ()

    def narrowed(self, options: PriceOptions) -> PriceSheet:
        """Return a sheet with only the rows and factors that can apply to a call with these
        options.

        The new sheet has fewer price changes (see `boundaries`).
        """
        tiers = {"standard", options.tier}
        addons = {"", *options.addons}
        return PriceSheet(
            self.model,
            tuple(
                row
                for row in self.rows
                if row.tier in tiers and row.addon in addons and _fits(row, options)
            ),
            tuple(rule for rule in self.tier_rules if rule.tier == options.tier),
            self.discounts if options.kind == "charged" else (),
        )

    def boundaries(self) -> list[int]:
        """Return all instants at which a price of this model may change, in ascending order."""
        instants: set[int] = set()
        for part in self._parts():
            instants.add(part.from_at)
            if part.until_at is not None:
                instants.add(part.until_at)
        return sorted(instants)

    def thresholds(self, at: int) -> tuple[int, ...]:
        """Return the prompt sizes above which other prices apply at `at`, in ascending order."""
        return tuple(sorted({row.above for row in self.rows if row.above and row.holds_at(at)}))

    def own_parts(self, at: int) -> list[PriceRow | Adjustment]:
        """Return the rows and factors from a user's price file that are in force at `at`."""
        return [part for part in self._parts() if part.own and part.holds_at(at)]

    def _parts(self) -> list[PriceRow | Adjustment]:
        return [*self.rows, *self.tier_rules, *self.discounts]


def stand_ins(key: str) -> Iterable[str]:
    """Yield a quantity key and its substitutes for pricing, closest first."""
    name, modality = split_key(key)
    other = _STAND_INS.get(name)
    yield key
    if modality:
        yield name
    if other:
        if modality:
            yield f"{other}@{modality}"
        yield other


def lines_for(
    sheet: PriceSheet, key: str, options: PriceOptions, prompt_tokens: int, at: int
) -> tuple[PriceLine, ...]:
    """Return the rows that price one quantity: one for the model, then one per add-on.

    Empty if the quantity has no price.
    """
    rows = [row for row in sheet.rows if row.holds_at(at) and row.above < max(prompt_tokens, 1)]
    base = [row for row in rows if not row.addon]
    for candidate in stand_ins(key):
        line = _base_line(sheet, base, key, candidate, options, at)
        if line:
            return (line, *_addon_lines(sheet, rows, key, options, at))
    return ()


def known_addons(sheet: PriceSheet, at: int) -> frozenset[str]:
    """Return the add-ons that have a price at `at`. A price of zero counts."""
    return frozenset(row.addon for row in sheet.rows if row.addon and row.holds_at(at))


def _base_line(
    sheet: PriceSheet,
    rows: list[PriceRow],
    key: str,
    candidate: str,
    options: PriceOptions,
    at: int,
) -> PriceLine | None:
    fitting = [row for row in rows if row.key == candidate and _fits(row, options)]
    for above in sorted({row.above for row in fitting}, reverse=True):
        level = [row for row in fitting if row.above == above]
        row = _best((r for r in level if r.tier == options.tier), options)
        rule = ONE
        if row is None:
            row = _best((r for r in level if r.tier == "standard"), options)
            rule = _factor(sheet.tier_rules, sheet.model, candidate, at, options.tier)
        if row is not None:
            return PriceLine(key, row, rule * _discount(sheet, row, candidate, options, at))
    return None


def _addon_lines(
    sheet: PriceSheet, rows: list[PriceRow], key: str, options: PriceOptions, at: int
) -> Iterable[PriceLine]:
    for addon in options.addons:
        fitting = (r for r in rows if r.addon == addon and r.key == key and _fits(r, options))
        row = _best(fitting, options)
        if row is not None:
            yield PriceLine(key, row, _discount(sheet, row, key, options, at))


def _fits(row: PriceRow, options: PriceOptions) -> bool:
    if row.kind == "contract" and options.kind == "list":
        return False
    if row.mode and options.mode and row.mode != options.mode:
        return False
    if row.language and options.language and row.language != options.language:
        return False
    return row.plan in ("", "payg", options.plan)


def _best(rows: Iterable[PriceRow], options: PriceOptions) -> PriceRow | None:
    return max(rows, key=lambda row: _rank(row, options), default=None)


def _rank(row: PriceRow, options: PriceOptions) -> tuple[bool | int, ...]:
    mode = options.mode or "prerecorded"
    language = options.language or "mono"
    listed = options.kind == "list"
    return (
        row.mode in ("", mode),  # a row of the other mode only if no row fits better
        row.language in ("", language),
        row.kind == "contract",
        row.model != ANY_MODEL,
        row.plan == options.plan,
        row.mode == mode,
        row.language == language,
        listed and row.kind == "list",
        row.from_at,
        row.kind == "promo",
        row.own,
    )


def _discount(
    sheet: PriceSheet, row: PriceRow, key: str, options: PriceOptions, at: int
) -> Fraction:
    if row.kind == "contract" or options.kind == "list":
        return ONE
    return _factor(sheet.discounts, sheet.model, key, at, "")


def _factor(parts: tuple[Adjustment, ...], model: str, key: str, at: int, tier: str) -> Fraction:
    fitting = [p for p in parts if p.tier == tier and p.applies(model, key, at)]
    if not fitting:
        return ONE
    best = max(
        fitting,
        key=lambda p: (p.own, not p.model.endswith("*"), len(p.model), bool(p.meters), p.from_at),
    )
    return best.factor
