"""Arithmetic with decimals that never asks the host's context: that may round to three digits."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

# Wide enough that no product of a price and a quantity is rounded before this package rounds it.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])
LOSSLESS = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[Inexact])  # raises instead of rounding
_HUNDREDTH = Decimal("0.01")


def times(number: Decimal, whole: int) -> Decimal:
    """A product."""
    return EXACT.multiply(number, whole)


def whole_times(number: Decimal, whole: int) -> int:
    """A product to the nearest whole number, half to even."""
    return int(times(number, whole).to_integral_value(ROUND_HALF_EVEN, EXACT))


def percentage(part: int, of: int) -> Decimal:
    """A part of a whole in percent, to two decimals."""
    return EXACT.divide(EXACT.multiply(part, 100), of).quantize(_HUNDREDTH, ROUND_HALF_EVEN, EXACT)
