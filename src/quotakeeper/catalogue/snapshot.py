"""PriceSnapshot: an immutable set of prices that computes what a call costs, fast and exactly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType

from quotakeeper.catalogue.highest_price import HighestRates
from quotakeeper.catalogue.model_names import Alias, ModelNames, Prefix, ResolvedModel
from quotakeeper.catalogue.price_ids import PriceId, read_price_id
from quotakeeper.domain.pricing.prices import (
    ANY_MODEL,
    FREE_METERS,
    NO_MODEL,
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

_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
_MOST_CACHED = 4_096
_PROMPT_KEYS = ("input_tokens", "cached_input_tokens")
_FREE = (0, 1)
_Rate = tuple[int, int]


class _Plan:
    """The rates of one model and one set of options for a period without a price change."""

    __slots__ = ("_at", "_extra", "_ids", "_options", "_rates", "_sheet", "_thresholds", "own")

    def __init__(self, sheet: PriceSheet, provider: str, options: PriceOptions, at: int) -> None:
        self._sheet = sheet
        self._options = options
        self._at = at
        self._thresholds = sheet.thresholds(at)
        levels = (0, *self._thresholds)
        self.own = _digest_of(sheet.own_parts(at))
        self._rates: tuple[dict[str, _Rate | None], ...] = tuple({} for _ in levels)
        self._ids = tuple(
            PriceId(provider, sheet.model, max(at, 0), options, above, self.own).text()
            for above in levels
        )
        unknown = set(options.addons) - known_addons(sheet, at)
        self._extra = tuple(f"addon {name}" for name in sorted(unknown))

    def price(self, quantities: Quantities) -> Priced:
        level = 0
        if self._thresholds:
            level = bisect_left(self._thresholds, _prompt_tokens(quantities))
        rates = self._rates[level]
        amounts: dict[str, int] = {}
        found: dict[str, _Rate] = {}
        missing: list[str] = []
        for key, amount in quantities.items():
            if amount <= 0:
                if amount < 0:
                    raise InvalidInputError(key, f"{amount} is negative", "give zero or more")
                continue
            if key in rates:
                rate = rates[key]
            else:
                rate = rates[key] = self._rate(key, level)
            if rate is None:
                missing.append(key)
            else:
                amounts[key], found[key] = amount, rate
        if missing or self._extra:
            return Priced(None, self._ids[level], (*missing, *self._extra))
        return Priced(cost_of(amounts, found), self._ids[level])

    def lines(self, key: str, above: int) -> tuple[PriceLine, ...]:
        return lines_for(self._sheet, key, self._options, above + 1, self._at)

    def priced_keys(self) -> list[str]:
        return sorted({row.key for row in self._sheet.rows})

    def _rate(self, key: str, level: int) -> _Rate | None:
        lines = self.lines(key, (0, *self._thresholds)[level])
        if not lines:
            return _FREE if key in FREE_METERS else None
        rate = sum((line.rate for line in lines[1:]), lines[0].rate)
        return rate.numerator, rate.denominator


class _Timeline:
    """The rates of one model and one set of options: one `_Plan` for each period between price
    changes."""

    __slots__ = ("_options", "_plans", "_provider", "_sheet", "_starts")

    def __init__(self, sheet: PriceSheet, provider: str, options: PriceOptions) -> None:
        self._sheet = sheet.narrowed(options)
        self._provider = provider
        self._options = options
        self._starts = self._sheet.boundaries()
        self._plans: dict[int, _Plan] = {}

    def plan_at(self, at: int) -> _Plan:
        position = bisect_right(self._starts, at)
        plan = self._plans.get(position)
        if plan is None:
            start = self._starts[position - 1] if position else at
            plan = _Plan(self._sheet, self._provider, self._options, start)
            self._plans[position] = plan
        return plan


class PriceSnapshot:
    """All prices of one version of the price data. Several threads can use a snapshot at once."""

    def __init__(
        self,
        rows: tuple[PriceRow, ...],
        adjustments: tuple[Adjustment, ...],
        aliases: tuple[Alias, ...],
        version: str,
        prefixes: tuple[Prefix, ...] = (),
    ) -> None:
        self.version = version
        self._rows = rows
        self._adjustments = adjustments
        self._by_model: dict[tuple[str, str], list[PriceRow]] = {}
        for row in rows:
            self._by_model.setdefault((row.provider, row.model), []).append(row)
        models: dict[str, set[str]] = {}
        for provider, model in self._by_model:
            models.setdefault(provider, set()).add(model)
        self._models = {name: frozenset(found - {ANY_MODEL}) for name, found in models.items()}
        self._names = ModelNames(self._models, list(aliases), prefixes)
        self._timelines: dict[object, _Timeline | None] = {}
        self._highest: dict[str, HighestRates] = {}

    def price(
        self,
        provider: str,
        model: str,
        quantities: Quantities,
        at: int,
        options: Mapping[str, str] = _NO_OPTIONS,
    ) -> Priced:
        """Return the cost of `quantities` at instant `at` (microseconds since 1970 UTC).

        `cost_pico` is None if the model is unknown, or if a quantity or an add-on has no price.
        Raises InvalidInputError for an unknown option or a negative quantity.
        """
        asked = (provider, model, tuple(sorted(options.items())) if options else ())
        try:
            timeline = self._timelines[asked]
        # TypeError: an option is not text; `_timeline` raises the error about it.
        except (KeyError, TypeError):
            timeline = self._timeline(provider, model, options)
            if len(self._timelines) >= _MOST_CACHED:
                self._timelines.clear()
            self._timelines[asked] = timeline
        if timeline is None:
            _used(quantities)  # a negative quantity is refused for an unknown model too
            return Priced(None, "", ("model",))
        return timeline.plan_at(at).price(quantities)

    def canonical_model(self, provider: str, model: str) -> str:
        """Return the catalogue's name of a model; for an unknown model, its name without paths and
        prefixes.
        """
        return self._names.resolve(provider, model).model

    def is_known(self, provider: str, model: str) -> bool:
        """Return whether the catalogue has a price of this model."""
        return self._names.resolve(provider, model).known

    def models(self, provider: str) -> list[str]:
        """Return the names of a provider's models that have a price, sorted."""
        return sorted(self._models.get(provider, frozenset()) - {NO_MODEL})

    def providers(self) -> list[str]:
        """Return the providers that have a price, sorted."""
        return sorted(self._models)

    def rows(self) -> Iterator[PriceRow]:
        """Return every price row, in force or not, sorted by provider, model, meter and date."""
        return iter(sorted(self._rows, key=_order))

    def adjustments(self) -> Iterator[Adjustment]:
        """Return every factor that changes prices: the rules of service tiers, and the discounts."""
        return iter(self._adjustments)

    def lines(self, price_id: str) -> tuple[PriceLine, ...]:
        """Return the price rows and factors that `price_id` names.

        There is one line for each quantity and add-on that has a price. Raises InvalidInputError if
        the id is of other price files.
        """
        wanted = read_price_id(price_id)
        known = self._models.get(wanted.provider, frozenset())
        if wanted.model in known:
            sheet = self._sheet(wanted.provider, wanted.model)
            plan = _Timeline(sheet, wanted.provider, wanted.options).plan_at(wanted.at)
            if plan.own == wanted.own:
                found = [plan.lines(key, wanted.above) for key in plan.priced_keys()]
                return tuple(line for lines in found for line in lines)
        raise InvalidInputError(
            "price_id",
            f"{price_id[:120]!r} is not in this price list ({self.version})",
            "load the price files that contain it",
        )

    def highest(self, provider: str, quantities: Quantities, at: int) -> Priced:
        """Return the cost of `quantities`, each at the highest price of any model of the provider.

        Used for a model without a price. The prices are those of the standard tier, pay as you go,
        over all modes and languages. `cost_pico` is None if the provider or a quantity has no
        price. Raises InvalidInputError for a negative quantity.
        """
        if provider not in self._models:
            return Priced(None, "", ("provider",))
        highest = self._highest.get(provider)
        if highest is None:
            sheets = tuple(self._sheet(provider, m) for m in sorted(self._models[provider]))
            highest = self._highest[provider] = HighestRates(sheets)
        prompt = _prompt_tokens(quantities)
        amounts = _used(quantities)
        rates: dict[str, _Rate] = {}
        for key in amounts:
            rate = highest.rate(key, prompt, at) or (_FREE if key in FREE_METERS else None)
            if rate is not None:
                rates[key] = rate
        price_id = PriceId(provider, "(highest)", highest.start_of(at)).text()
        missing = tuple(key for key in amounts if key not in rates)
        return Priced(None if missing else cost_of(amounts, rates), price_id, missing)

    def _timeline(self, provider: str, model: str, options: Mapping[str, str]) -> _Timeline | None:
        resolved: ResolvedModel = self._names.resolve(provider, model)
        checked = PriceOptions.read({**options, **resolved.options})
        if not resolved.known:
            return None
        return _Timeline(self._sheet(provider, resolved.model), provider, checked)

    def _sheet(self, provider: str, model: str) -> PriceSheet:
        rows = self._by_model.get((provider, model), []) + self._by_model.get(
            (provider, ANY_MODEL), []
        )
        factors = [p for p in self._adjustments if p.provider == provider and p.matches(model)]
        return PriceSheet(
            model,
            tuple(rows),
            tuple(part for part in factors if part.tier),
            tuple(part for part in factors if not part.tier),
        )


def _prompt_tokens(quantities: Quantities) -> int:
    return sum(
        amount for key, amount in quantities.items() if key.partition("@")[0] in _PROMPT_KEYS
    )


def _order(row: PriceRow) -> tuple[str | int, ...]:
    return (
        row.provider, row.model, row.meter, row.tier, row.addon, row.above, row.from_at, row.id,
    )  # fmt: skip


def _used(quantities: Quantities) -> dict[str, int]:
    for key, amount in quantities.items():
        if amount < 0:
            raise InvalidInputError(key, f"{amount} is negative", "give zero or more")
    return {key: amount for key, amount in quantities.items() if amount}


def _digest_of(parts: list[PriceRow | Adjustment]) -> str:
    if not parts:
        return ""
    text = "\n".join(sorted(repr(replace(part, origin="", note="")) for part in parts))
    return sha256(text.encode()).hexdigest()[:8]
