"""Prices calls, and applies the policy `on_unpriced` to calls without a price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.money import MAX_PICO
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import InvalidInputError, UnpricedModelError

if TYPE_CHECKING:
    from quotakeeper.domain.pricing.prices import Priced


_MOST_KEPT = 4_096


class PeriodPrices(Protocol):
    """The prices of one model from `since` up to but not including `until`."""

    @property
    def since(self) -> int:
        """The first instant at which these prices are valid, in microseconds since 1970 UTC."""

    @property
    def until(self) -> int:
        """The instant of the next price change, in microseconds since 1970 UTC."""

    def price(self, quantities: Quantities) -> Priced:
        """The cost of `quantities`. `cost_pico` is None if a quantity has no price."""


class PriceBook(Protocol):
    """The parts of the price catalogue that the engine uses."""

    def plan(self, provider: str, model: str, at: int, options: Mapping[str, str]) -> PeriodPrices:
        """The prices of a model at the instant `at`, also for an unknown model."""

    def highest(self, provider: str, quantities: Quantities, at: int) -> Priced:
        """The cost of `quantities` at the provider's highest price at the instant `at`."""

    def canonical_model(self, provider: str, model: str) -> str:
        """The name under which calls of `model` are counted. An alias is counted as the model it
        means."""

    def options_of(self, price_id: str) -> Mapping[str, str]:
        """The price options that `price_id` contains; empty if the text is not a price id."""


class PricedCall(Protocol):
    """The parts of a call that pricing uses; see PreparedCall."""

    @property
    def labels(self) -> CallLabels:
        """The labels of the call."""

    @property
    def options(self) -> Mapping[str, str]:
        """The price options of the call."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that apply to the call."""


class CallPrices:
    """Prices calls with a price book, under the policy `on_unpriced`; see Settings."""

    def __init__(self, book: PriceBook, on_unpriced: str) -> None:
        self.book = book
        self._on_unpriced = on_unpriced
        # By identity of the call and by model. The call stays in memory, so that no other call gets
        # its identity.
        self._plans: dict[tuple[int, str], tuple[PeriodPrices, PricedCall]] = {}

    def priced(
        self,
        call: PricedCall,
        model: str,
        quantities: Quantities,
        at: int,
        options: Mapping[str, str],
        *,
        bound: bool,
    ) -> Priced:
        """Return the price of `quantities` at the instant `at`.

        `bound` is True if `quantities` are the upper bound of a call that was not sent yet. Raises
        UnpricedModelError if `on_unpriced` refuses the call. Raises InvalidInputError for a cost
        that the ledger cannot hold.
        """
        provider = call.labels.provider
        kept = self._plans.get((id(call), model)) if options is call.options else None
        if kept is not None and kept[0].since <= at < kept[0].until:
            priced = kept[0].price(quantities)
        else:
            priced = self._plan(call, model, at, options).price(quantities)
        if priced.cost_pico is None:
            capped = hard_cost_limit(call.limits)
            if self._on_unpriced == "refuse":
                raise UnpricedModelError(provider, model, priced.unpriced, capped)
            # Only a call that was not sent yet can be refused. A call that was sent is counted.
            if self._on_unpriced == "auto" and bound and capped:
                raise UnpricedModelError(provider, model, priced.unpriced, capped)
            if self._on_unpriced == "price_as_highest":
                priced = self.book.highest(provider, quantities, at)
        if priced.cost_pico is not None and priced.cost_pico > MAX_PICO:
            raise InvalidInputError(
                "quantities", "cost more than the ledger can hold (9.2 million USD)",
                "check the amounts",
            )  # fmt: skip
        return priced

    def _plan(
        self, call: PricedCall, model: str, at: int, options: Mapping[str, str]
    ) -> PeriodPrices:
        plan = self.book.plan(call.labels.provider, model, at, options)
        if options is call.options:
            if len(self._plans) >= _MOST_KEPT:
                self._plans.clear()
            self._plans[id(call), model] = plan, call
        return plan


def hard_cost_limit(limits: Iterable[Limit]) -> str:
    """The name of the first hard limit on cost; "" if there is none."""
    found = (each.name for each in limits if each.meter == "cost" and each.mode is Mode.HARD)
    return next(found, "")
