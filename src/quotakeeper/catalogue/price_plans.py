"""The rates of one model between two price changes, which compute what a call costs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from quotakeeper.catalogue.price_ids import PriceId
from quotakeeper.domain.pricing.prices import (
    FREE_METERS,
    Adjustment,
    Priced,
    PriceLine,
    PriceOptions,
    PriceRow,
    cost_of,
)
from quotakeeper.domain.pricing.selection import PriceSheet, known_addons, lines_for
from quotakeeper.domain.units import Quantities
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace

FREE = (0, 1)
_ALWAYS = 2**63
_PROMPT_KEYS = ("input_tokens", "cached_input_tokens")
Rate = tuple[int, int]


class PricePlan:
    """The rates of one model and one set of options for a period without a price change.

    They are valid from `since` up to but not including `until`.
    """

    __slots__ = (
        "_at", "_extra", "_ids", "_options", "_rates", "_sheet", "_thresholds", "_unpriced", "own",
        "since", "until",
    )  # fmt: skip

    def __init__(
        self, sheet: PriceSheet, provider: str, options: PriceOptions, at: int,
        since: int, until: int,
    ) -> None:  # fmt: skip
        self.since, self.until = since, until
        self._sheet = sheet
        self._options = options
        self._at = at
        self._thresholds = sheet.thresholds(at)
        levels = (0, *self._thresholds)
        self.own = _digest_of(sheet.own_parts(at))
        self._rates: tuple[dict[str, Rate], ...] = tuple({} for _ in levels)
        self._unpriced: set[tuple[str, int]] = set()  # keys without a rate at a level
        self._ids = tuple(
            PriceId(provider, sheet.model, max(at, 0), options, above, self.own).text()
            for above in levels
        )
        unknown = set(options.addons) - known_addons(sheet, at)
        self._extra = tuple(f"addon {name}" for name in sorted(unknown))

    def price(self, quantities: Quantities) -> Priced:
        """Return the cost of `quantities`; see `PriceSnapshot.price`."""
        level = 0
        if self._thresholds:
            level = bisect_left(self._thresholds, prompt_tokens(quantities))
        if min(quantities.values(), default=1) <= 0:
            return self.price(used_amounts(quantities))
        rates = self._rates[level]
        missing: tuple[str, ...] = ()
        if not quantities.keys() <= rates.keys():
            missing = tuple(key for key in quantities if not self._has_rate(key, level))
        if missing or self._extra:
            return Priced(None, self._ids[level], (*missing, *self._extra))
        return Priced(cost_of(quantities, rates), self._ids[level])

    def lines(self, key: str, above: int) -> tuple[PriceLine, ...]:
        """Return the price rows and factors of a quantity above `above` prompt tokens."""
        return lines_for(self._sheet, key, self._options, above + 1, self._at)

    def priced_keys(self) -> list[str]:
        """Return all quantities that have a price, sorted."""
        return sorted({row.key for row in self._sheet.rows})

    def _has_rate(self, key: str, level: int) -> bool:
        if key in self._rates[level]:
            return True
        if (key, level) in self._unpriced:
            return False
        lines = self.lines(key, (0, *self._thresholds)[level])
        if lines:
            rate = sum((line.rate for line in lines[1:]), lines[0].rate)
            self._rates[level][key] = rate.numerator, rate.denominator
        elif key in FREE_METERS:
            self._rates[level][key] = FREE
        else:
            self._unpriced.add((key, level))
        return key in self._rates[level]


class Timeline:
    """The rates of one model and one set of options: one PricePlan for each period between price
    changes."""

    __slots__ = ("_options", "_plans", "_provider", "_sheet", "_starts")

    def __init__(self, sheet: PriceSheet, provider: str, options: PriceOptions) -> None:
        self._sheet = sheet.narrowed(options)
        self._provider = provider
        self._options = options
        self._starts = self._sheet.boundaries()
        self._plans: dict[int, PricePlan] = {}

    def plan_at(self, at: int) -> PricePlan:
        """Return the plan of the period that contains instant `at`."""
        position = bisect_right(self._starts, at)
        plan = self._plans.get(position)
        if plan is None:
            ends = (-_ALWAYS, *self._starts, _ALWAYS)
            since, until = ends[position], ends[position + 1]
            start = since if position else at
            plan = PricePlan(self._sheet, self._provider, self._options, start, since, until)
            self._plans[position] = plan
        return plan


class NoPlan:
    """The plan of an unknown model, which has no price."""

    since, until = -_ALWAYS, _ALWAYS

    def price(self, quantities: Quantities) -> Priced:
        """Return that the model has no price. Raises InvalidInputError for a negative quantity."""
        used_amounts(quantities)
        return Priced(None, "", ("model",))


NO_PLAN = NoPlan()


def prompt_tokens(quantities: Quantities) -> int:
    """Return the number of prompt tokens, which decides about prices for long prompts."""
    return sum(
        amount for key, amount in quantities.items() if key.partition("@")[0] in _PROMPT_KEYS
    )


def used_amounts(quantities: Quantities) -> dict[str, int]:
    """Return the quantities without zeros. Raises InvalidInputError for a negative quantity."""
    for key, amount in quantities.items():
        if amount < 0:
            raise InvalidInputError(key, f"{amount} is negative", "give zero or more")
    return {key: amount for key, amount in quantities.items() if amount}


def _digest_of(parts: list[PriceRow | Adjustment]) -> str:
    if not parts:
        return ""
    text = "\n".join(sorted(repr(replace(part, origin="", note="")) for part in parts))
    from hashlib import sha256  # noqa: PLC0415 - slow to import; once for each plan

    return sha256(text.encode()).hexdigest()[:8]
