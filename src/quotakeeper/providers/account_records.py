"""What a provider's own account reports about calls: single requests, or totals of a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from quotakeeper.providers.contract import NO_QUANTITIES, NOTHING
from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """One request in a provider's account.

    - `id`: the provider's id of the request.
    - `at`: the time of the request, in microseconds since 1970 UTC.
    - `quantities`: the quantities in the account's record, and the request itself.
    - `cost_pico`: the charged amount, in 10**-12 USD; None if the account does not state it.
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

    - `model`: "" if the SKU names no known model.
    - `meter`: "" if the SKU counts no tokens or has an unknown unit.
    - `quantity`: 0 if `meter` is "". Google's corrections are negative.
    - `cost_pico`: in 10**-12 USD. Google's corrections are negative.
    """

    day: date
    sku: str
    model: str
    meter: str
    quantity: int
    cost_pico: int
