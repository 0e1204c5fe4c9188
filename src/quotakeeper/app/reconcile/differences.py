"""The results of a comparison: each difference, the corrected figures, and the sums of both sides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from quotakeeper.domain.units import by_meter
from quotakeeper.domain.usage import Outcome, Provenance, UsageEvent
from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.value_classes import dataclass, field


class DifferenceKind(StrEnum):
    """The kind of a difference between the ledger and the account.

    - MISSING_HERE: the request is only in the account.
    - MISSING_THERE: the call is only in the ledger.
    - QUANTITY: the quantities differ.
    - PRICE: only the costs differ.
    - NOW_KNOWN: the ledger had estimated or assumed figures, and the account has the true ones.
    - AMBIGUOUS: several calls may match the request, so nothing is corrected.
    """

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    QUANTITY = "quantity"
    PRICE = "price"
    NOW_KNOWN = "now_known"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Better:
    """The corrected figures of an event.

    If `quantities` is None, the quantities do not change. If `cost_pico` is None, the cost does not
    change, or is calculated from the new quantities.
    """

    quantities: Mapping[str, int] | None
    cost_pico: int | None
    provenance: Provenance
    outcome: Outcome
    note: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the account's request, the ledger's event, and the correction `better`.

    A part that does not exist is None.
    """

    kind: DifferenceKind
    request: AccountRequest | None = None
    event: UsageEvent | None = None
    better: Better | None = None


@dataclass(slots=True)
class CallTally:
    """The sums of the ledger or of the account.

    `quantities` are base units by meter. `unpriced` counts the calls without a cost.
    """

    calls: int = 0
    cost_pico: int = 0
    unpriced: int = 0
    quantities: dict[str, int] = field(default_factory=dict)

    def add(self, quantities: Mapping[str, int], cost_pico: int | None) -> None:
        """Add the quantities and the cost of one call. `cost_pico` is None if no price is known."""
        self.calls += 1
        if cost_pico is None:
            self.unpriced += 1
        else:
            self.cost_pico += cost_pico
        for key, amount in quantities.items():
            self.quantities[key] = self.quantities.get(key, 0) + amount

    def exchange(self, before: UsageEvent | None, after: UsageEvent) -> None:
        """In these sums, replace the figures of the event `before` by the figures of `after`.

        If `before` is None, the call is added as a new call.
        """
        if before is None:
            self.calls += 1
        for event, sign in ((before, -1), (after, 1)):
            if event is None:
                continue
            self.unpriced += sign if event.cost_pico is None else 0
            self.cost_pico += sign * (event.cost_pico or 0)
            for key, amount in by_meter(event.quantities).items():
                self.quantities[key] = self.quantities.get(key, 0) + sign * amount
