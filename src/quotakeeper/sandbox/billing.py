"""Writes the sandbox's Gemini bill as a CSV in the form of Google's Billing console.

There is one line per Pacific day and SKU. Numbers have thousands separators. Each line has the
exact cost and the rounded cost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from quotakeeper.catalogue import PriceSnapshot
from quotakeeper.clocks import zone_named
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import split_key
from quotakeeper.domain.windows import moment
from quotakeeper.sandbox.messages import Charge
from quotakeeper.value_classes import dataclass, field

_HEADER = (
    "Project name", "Service description", "Service ID", "SKU description", "SKU ID", "Cost type",
    "Usage start date", "Usage end date", "Usage amount", "Usage unit", "Unrounded Cost ($)",
    "Cost ($)",
)  # fmt: skip
_WORDS = {
    "input_tokens": "input",
    "cached_input_tokens": "cached input",
    "output_tokens": "output",
    "thought_tokens": "output",
}


@dataclass(slots=True)
class _Line:
    amount: int = 0
    cost_pico: int = field(default=0)


def billing_csv(charges: Sequence[Charge], prices: PriceSnapshot) -> bytes:
    """Return the CSV for some charges, in UTF-8."""
    pacific = zone_named("America/Los_Angeles")
    lines: dict[tuple[str, str], _Line] = {}
    for charge in charges:
        day = moment(charge.at, pacific).date().isoformat()
        for key, cost in _shares(charge, prices).items():
            line = lines.setdefault((day, _sku(charge.model, key)), _Line())
            line.amount += charge.quantities[key]
            line.cost_pico += cost
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("Invoice number", "sandbox"))
    writer.writerow(("Currency", "USD"))
    writer.writerow(_HEADER)
    total = 0
    for (day, sku), line in sorted(lines.items()):
        total += line.cost_pico
        writer.writerow((
            "sandbox", "Gemini API", "AEFD-7695-64FA", sku, "", "Usage", day, day,
            f"{line.amount:,}", "count", usd_text(line.cost_pico), _rounded(line.cost_pico),
        ))  # fmt: skip
    writer.writerow(("",) * 10 + (usd_text(total), _rounded(total)))
    return text.getvalue().encode("utf-8")


def _shares(charge: Charge, prices: PriceSnapshot) -> dict[str, int]:
    """Return the cost of each quantity. The sum of these costs is exactly the cost of the request."""
    keys = [key for key in charge.quantities if split_key(key)[0] in _WORDS]
    whole = prices.price("gemini", charge.model, dict(charge.quantities), charge.at).cost_pico or 0
    shares = {
        key: prices.price(
            "gemini", charge.model, {key: charge.quantities[key]}, charge.at
        ).cost_pico
        or 0
        for key in keys
    }
    if keys:
        shares[keys[-1]] += whole - sum(shares.values())
    return shares


def _sku(model: str, key: str) -> str:
    meter, modality = split_key(key)
    words = model.removeprefix("gemini-").replace("-", " ")
    return f"Generate content {_WORDS[meter]} token count gemini {words} {modality or 'text'}"


def _rounded(pico: int) -> str:
    cents = (pico + 5 * 10**9) // 10**10
    return f"{cents // 100:,}.{cents % 100:02d}"
