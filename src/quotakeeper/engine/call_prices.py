"""What a call costs, and what happens to one that has no price."""

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
    """What the engine asks of prices."""

    def price(
        self, provider: str, model: str, quantities: Quantities, at: int,
        options: Mapping[str, str],
    ) -> Priced:  # fmt: skip
        """What quantities cost at an instant; `cost_pico` None when something has no price."""

    def highest(self, provider: str, quantities: Quantities, at: int) -> Priced:
        """What they would cost at the provider's dearest price."""

    def canonical_model(self, provider: str, model: str) -> str:
        """The name a model is counted under."""

    def options_of(self, price_id: str) -> Mapping[str, str]:
        """The price options that a price id was made with; none when it is not one."""


class PricedCall(Protocol):
    """What prices ask of a call; see PreparedCall."""

    @property
    def labels(self) -> CallLabels:
        """Who is called."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that apply."""


class CallPrices:
    """Prices calls by a book of prices, under the policy `on_unpriced`; see Settings."""

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
        """The price of quantities at an instant; `bound` says that the call has not been made.

        Raises UnpricedModelError where `on_unpriced` refuses the call, and InvalidInputError for
        more than a ledger can hold.
        """
        provider = call.labels.provider
        priced = self.book.price(provider, model, quantities, at, options)
        if priced.cost_pico is None:
            capped = hard_cost_limit(call.limits)
            if self._on_unpriced == "refuse":
                raise UnpricedModelError(provider, model, priced.unpriced, capped)
            # Only a call that has not been made can be refused; one that was made is counted.
            if self._on_unpriced == "auto" and bound and capped:
                raise UnpricedModelError(provider, model, priced.unpriced, capped)
            if self._on_unpriced == "price_as_highest":
                priced = self.book.highest(provider, quantities, at)
        if priced.cost_pico is not None and priced.cost_pico > MAX_PICO:
            raise InvalidInputError(
                "quantities", "cost more than the ledger can hold (9.2 million USD)",
                "are they right?",
            )  # fmt: skip
        return priced


def hard_cost_limit(limits: Iterable[Limit]) -> str:
    """The name of the first hard limit on cost, "" when there is none."""
    found = (each.name for each in limits if each.meter == "cost" and each.mode is Mode.HARD)
    return next(found, "")
