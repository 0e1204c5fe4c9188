"""Formats numbers and money for people, in English or Vietnamese."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from quotakeeper.domain.money import ExchangeRate, usd_from_pico

_MICRO = Decimal("0.000001")


def grouped(number: str, lang: str) -> str:
    """Group the thousands of a decimal number: 1,234.5 in English, 1.234,5 in Vietnamese."""
    whole, point, fraction = number.partition(".")
    sign = "-" if whole.startswith("-") else ""
    text = f"{sign}{abs(int(whole)):,}{point}{fraction}"
    return text if lang == "en" else text.translate(str.maketrans(",.", ".,"))


def money(pico: int | None, lang: str) -> str:
    """Format US dollars with two to six decimals; "?" if no price was known."""
    if pico is None:
        return "?"
    amount = f"{usd_from_pico(pico).quantize(_MICRO, ROUND_HALF_EVEN):f}"
    head, _, tail = amount.partition(".")
    text = grouped(f"{head}.{tail.rstrip('0').ljust(2, '0')}", lang)
    return f"${text}" if lang == "en" else f"{text} US$"


def local_money(pico: int | None, rate: ExchangeRate, lang: str) -> str:
    """Format an amount in another currency; "?" if no price was known."""
    if pico is None:
        return "?"
    return f"{grouped(f'{rate.amount(pico):f}', lang)} {rate.currency}"


def rate_text(rate: ExchangeRate, lang: str = "en") -> str:
    """Format an exchange rate with its day and its source."""
    number = grouped(f"{rate.per_usd:f}", lang)
    return f"1 USD = {number} {rate.currency}, {rate.date}, {rate.source}"


def rate_record(rate: ExchangeRate) -> dict[str, object]:
    """Return an exchange rate as a JSON record."""
    return {
        "code": rate.currency,
        "per_usd": f"{rate.per_usd:f}",
        "date": rate.date,
        "source": rate.source,
        "provenance": "assumed",
    }
