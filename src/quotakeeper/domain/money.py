"""Money as whole pico-US-dollars (1e-12 USD), rounded once per event, half to even.

A thousand cached Gemini tokens cost 18,750,000 pico-dollars, so nano-dollars are too coarse. The
largest amount is that of a signed 64-bit column: about 9.2 million USD.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from quotakeeper.domain.numbers import EXACT
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

PICO_PER_USD = 10**12
MAX_PICO = 2**63 - 1

_ONE_PICO = Decimal("1E-12")
_ZERO = Decimal(0)
_WHOLE, _HUNDREDTH = Decimal(1), Decimal("0.01")
_LONGEST_SHOWN = 40


def divide_half_even(numerator: int, denominator: int) -> int:
    """Return the quotient of two integers, rounded half to even. `denominator` must be positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def parse_decimal(value: object, field: str) -> Decimal:
    """Return an int, a Decimal, a float or a string as an exact, finite decimal.

    A float is read by its shortest text: 0.1 means 0.1, not 0.1000000000000000055. Raises
    InvalidInputError for any other type or text, for NaN and for infinity.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise InvalidInputError(field, f"{type(value).__name__} is not a number", "give a number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise InvalidInputError(
            field, f"{str(value)[:60]!r} is not a number", 'write it like "10.00"'
        ) from None
    if not number.is_finite():
        raise InvalidInputError(field, f"{number} is not finite", "give a finite number")
    return number


def shortened(number: Decimal) -> str:
    """Return a number as text for a message, cut to 40 characters."""
    text = str(number)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def pico_from_usd(value: object, field: str = "amount") -> int:
    """Convert US dollars (int, str, Decimal, float) to pico-dollars, rounded half to even.

    Raises InvalidInputError if the amount is negative or above about 9.2 million USD.
    """
    number = parse_decimal(value, field)
    if number < 0:
        raise InvalidInputError(field, f"{shortened(number)} is negative", "give zero or more")
    # Round before scaling. Scaling would round a number that has more digits than the decimal
    # context.
    if not number or number.adjusted() <= 12:
        exact = (number or _ZERO).quantize(_ONE_PICO, ROUND_HALF_EVEN, EXACT)
        pico = int(exact.scaleb(12, EXACT))
        if pico <= MAX_PICO:
            return pico
    raise InvalidInputError(
        field, f"{shortened(number)} USD is too large", "the most is 9,223,372 USD"
    )


def usd_from_pico(pico: int) -> Decimal:
    """Convert pico-dollars to exact US dollars with twelve decimals."""
    return Decimal(pico).scaleb(-12, EXACT)


def usd_text(pico: int, *, least_places: int = 2) -> str:
    """Return pico-dollars as exact text in US dollars, with at least `least_places` decimals."""
    whole, fraction = divmod(abs(pico), PICO_PER_USD)
    digits = f"{fraction:012d}".rstrip("0").ljust(least_places, "0")
    sign = "-" if pico < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """The price of one US dollar in another currency, with its day and its source.

    No provider bills at this rate, so every converted amount counts as assumed.
    """

    currency: str
    per_usd: Decimal
    date: str
    source: str

    def amount(self, pico: int) -> Decimal:
        """Convert pico-dollars to this currency.

        The result is rounded to whole units from 100 on, below that to two decimals.
        """
        exact = EXACT.multiply(usd_from_pico(pico), self.per_usd)
        place = _WHOLE if abs(exact) >= 100 else _HUNDREDTH
        return exact.quantize(place, ROUND_HALF_EVEN, EXACT)
