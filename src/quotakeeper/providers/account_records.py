"""What a provider's own account says about calls: single requests, or sums of a day. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from quotakeeper.providers.contract import NO_QUANTITIES, NOTHING
from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """One request in a provider's account.

    `id` is the provider's id, `at` the instant of the request (microseconds since 1970 UTC).
    `quantities` hold what the account states, including the request itself. `cost_pico` is what was
    charged; None if the account does not say.
    """

    id: str
    at: int
    operation: str
    model: str = ""
    failed: bool = False
    quantities: Mapping[str, int] = field(default_factory=lambda: NO_QUANTITIES)
    cost_pico: int | None = None
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One line of a bill: the use of one SKU on one day, in the provider's time zone.

    `model` is "" if the SKU names no known model. `meter` is "" if the SKU counts no tokens or its
    unit is unknown; then `quantity` is 0. Google's corrections are negative.
    """

    day: date
    sku: str
    model: str
    meter: str
    quantity: int
    cost_pico: int
