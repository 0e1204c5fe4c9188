"""The cost of a charge from prices that are written here by hand, independent of the catalogue."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from quotakeeper.sandbox.messages import Charge

# Dollars per million tokens: input, cached input, output (thinking tokens are output).
_TOKENS = {
    "gemini-2.5-flash": ("0.30", "0.03", "2.50"),
    "gemini-embedding-001": ("0.15", "0.15", "0"),
    "gemini-3.1-flash-live-preview": ("0.75", "0.75", "4.50"),
    "gpt-4o-mini": ("0.15", "0.075", "0.60"),
    "text-embedding-3-small": ("0.02", "0.02", "0"),
    "claude-haiku-4-5": ("1.00", "0.10", "5.00"),
}
_PICO = Decimal(10) ** 12


def cost_pico(charge: Charge, *, live: bool = False) -> int:
    """The cost of a charge in pico-dollars (10^-12 USD). Raises LookupError if there is no price."""
    said = charge.quantities
    if set(said) == {"requests"}:
        return 0
    if charge.provider == "deepgram":
        if "characters" in said:
            return _whole(Decimal("0.030") / 1000 * said["characters"])
        minute = Decimal("0.0048" if live else "0.0043")
        return _whole(minute * said["audio_milliseconds"] / 60_000)
    given, cached, made = (Decimal(price) / 1_000_000 for price in _TOKENS[charge.model])
    output = said.get("output_tokens", 0) + said.get("thought_tokens", 0)
    cost = given * said.get("input_tokens", 0) + cached * said.get("cached_input_tokens", 0)
    return _whole(cost + made * output)


def _whole(dollars: Decimal) -> int:
    return int((dollars * _PICO).to_integral_value(ROUND_HALF_EVEN))
