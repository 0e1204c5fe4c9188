"""What a provider's own account says of calls: request by request, or as sums of a day. Values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from quotakeeper.providers.contract import NO_QUANTITIES, NOTHING
from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """One request in a provider's account.

    `id` is the provider's own, `at` the instant it was made (microseconds since 1970 UTC).
    `quantities` are those that the account states, the request itself included; what it does not
    state is not there. `cost_pico` is what was charged, None where the account does not say.
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
    """One line of a bill: what was used of one SKU on one day, in the provider's own days.

    `model` is "" where the SKU names none that is known, `meter` where it is no token count or its
    unit is not understood; `quantity` is then 0. Corrections of Google's are negative.
    """

    day: date
    sku: str
    model: str
    meter: str
    quantity: int
    cost_pico: int
