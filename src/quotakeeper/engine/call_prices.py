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


class PriceBook(Protocol):
    """The parts of the price catalogue that the engine uses."""

    def price(
        self, provider: str, model: str, quantities: Quantities, at: int,
        options: Mapping[str, str],
    ) -> Priced:  # fmt: skip
        """The cost of `quantities` at the instant `at`. `cost_pico` is None if a quantity has no
        price."""

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
    def limits(self) -> tuple[Limit, ...]:
        """The limits that apply to the call."""


class CallPrices:
    """Prices calls with a price book, under the policy `on_unpriced`; see Settings."""

    def __init__(self, book: PriceBook, on_unpriced: str) -> None:
        self.book = book
        self._on_unpriced = on_unpriced

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
        priced = self.book.price(provider, model, quantities, at, options)
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


def hard_cost_limit(limits: Iterable[Limit]) -> str:
    """The name of the first hard limit on cost; "" if there is none."""
    found = (each.name for each in limits if each.meter == "cost" and each.mode is Mode.HARD)
    return next(found, "")
