"""Decimal arithmetic that ignores the program's decimal context, and instants as datetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

# With 60 digits, no product of a price and a quantity is rounded before this package rounds it.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])
LOSSLESS = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[Inexact])  # raises Inexact
_HUNDREDTH = Decimal("0.01")
_ALMOST_ALL = Decimal("99.99")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def times(number: Decimal, whole: int) -> Decimal:
    """Return the exact product of a decimal and a whole number."""
    return EXACT.multiply(number, whole)


def whole_times(number: Decimal, whole: int) -> int:
    """Return the product of a decimal and a whole number, rounded half to even to a whole number."""
    return int(times(number, whole).to_integral_value(ROUND_HALF_EVEN, EXACT))


def percentage(part: int, of: int) -> Decimal:
    """Return `part` as a percentage of `of`, with two decimals. `of` is above 0.

    The percentage is rounded half to even, with two exceptions. Only a part of 0 is 0 %, and a part
    below `of` is at most 99.99 %. So the result is never more than 0.01 off.
    """
    exact = EXACT.divide(EXACT.multiply(part, 100), of)
    rounded = exact.quantize(_HUNDREDTH, ROUND_HALF_EVEN, EXACT)
    if part and not rounded:
        return _HUNDREDTH.copy_sign(rounded)
    return min(rounded, _ALMOST_ALL) if part < of else rounded


def utc_time(at: int) -> datetime:
    """Convert microseconds since 1970 UTC to a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=at)
