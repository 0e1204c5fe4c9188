"""Arithmetic with decimals that never asks the host's context: that may round to three digits."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])
_HUNDREDTH = Decimal("0.01")


def times(number: Decimal, whole: int) -> Decimal:
    """A product."""
    return _EXACT.multiply(number, whole)


def whole_times(number: Decimal, whole: int) -> int:
    """A product to the nearest whole number, half to even."""
    return int(times(number, whole).to_integral_value(ROUND_HALF_EVEN, _EXACT))


def percentage(part: int, of: int) -> Decimal:
    """A part of a whole in percent, to two decimals."""
    return _EXACT.divide(_EXACT.multiply(part, 100), of).quantize(
        _HUNDREDTH, ROUND_HALF_EVEN, _EXACT
    )
