"""PriceSnapshot: an immutable set of prices that computes what a call costs, fast and exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from quotakeeper.catalogue.highest_price import HighestRates
from quotakeeper.catalogue.model_names import Alias, ModelNames, Prefix, ResolvedModel
from quotakeeper.catalogue.price_ids import PriceId, read_price_id
from quotakeeper.catalogue.price_plans import (
    FREE,
    NO_PLAN,
    NoPlan,
    PricePlan,
    Rate,
    Timeline,
    prompt_tokens,
    used_amounts,
)
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
from quotakeeper.domain.pricing.selection import PriceSheet
from quotakeeper.domain.units import Quantities
from quotakeeper.errors import InvalidInputError

_NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
_MOST_CACHED = 4_096


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
        self._timelines: dict[object, Timeline | None] = {}
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
        return self.plan(provider, model, at, options).price(quantities)

    def plan(
        self, provider: str, model: str, at: int, options: Mapping[str, str] = _NO_OPTIONS
    ) -> PricePlan | NoPlan:
        """Return the prices of a model at instant `at`. Raises InvalidInputError for an unknown
        option.
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
        return NO_PLAN if timeline is None else timeline.plan_at(at)

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
            plan = Timeline(sheet, wanted.provider, wanted.options).plan_at(wanted.at)
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
        prompt = prompt_tokens(quantities)
        amounts = used_amounts(quantities)
        rates: dict[str, Rate] = {}
        for key in amounts:
            rate = highest.rate(key, prompt, at) or (FREE if key in FREE_METERS else None)
            if rate is not None:
                rates[key] = rate
        price_id = PriceId(provider, "(highest)", highest.start_of(at)).text()
        missing = tuple(key for key in amounts if key not in rates)
        return Priced(None if missing else cost_of(amounts, rates), price_id, missing)

    def _timeline(self, provider: str, model: str, options: Mapping[str, str]) -> Timeline | None:
        resolved: ResolvedModel = self._names.resolve(provider, model)
        checked = PriceOptions.read({**options, **resolved.options})
        if not resolved.known:
            return None
        return Timeline(self._sheet(provider, resolved.model), provider, checked)

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


def _order(row: PriceRow) -> tuple[str | int, ...]:
    return (
        row.provider, row.model, row.meter, row.tier, row.addon, row.above, row.from_at, row.id,
    )  # fmt: skip
