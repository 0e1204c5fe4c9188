"""Formats figures for people, in English or Vietnamese. JSON and CSV do not use this module."""

from __future__ import annotations

from datetime import tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

from quotakeeper.app.records.amounts import grouped as grouped
from quotakeeper.app.records.amounts import money as money
from quotakeeper.app.records.instants import TIME_UNITS, duration_text
from quotakeeper.domain.money import divide_half_even
from quotakeeper.domain.units import Meter, units_text
from quotakeeper.domain.windows import SECOND, moment

_DAY = 86_400 * SECOND
_TIME_UNITS_VI = ("ngày", "giờ", "phút", "giây")
_AGE_UNITS = (
    (86_400, "day", "ngày"), (3_600, "hour", "giờ"), (60, "minute", "phút"), (1, "second", "giây"),
)  # fmt: skip
UNITS_VI = {
    "tokens": "token",
    "minutes": "phút",
    "seconds": "giây",
    "milliseconds": "mili giây",
    "characters": "ký tự",
    "requests": "yêu cầu",
    "searches": "lượt tìm",
    "images": "ảnh",
    "token-hours": "token-giờ",
}


def whole(number: int, lang: str) -> str:
    """Return a whole number with grouped thousands."""
    return grouped(str(number), lang)


def compact(number: int, lang: str) -> str:
    """Format a whole number so that it needs few columns: 1,234 or 56k or 12.3M."""
    if number < 10_000:
        return whole(number, lang)
    thousand, million = ("k", "M") if lang == "en" else (" N", " Tr")
    if number < 999_500:
        return f"{round(number / 1_000)}{thousand}"
    return f"{grouped(f'{number / 1_000_000:.1f}', lang)}{million}"


def about(base: int, meter: Meter, lang: str) -> str:
    """Format an estimate in base units, rounded to about three significant digits."""
    if meter.name == "cost":
        size = min(10**10, 10 ** max(0, len(str(base)) - 3))
        return money(divide_half_even(base, size) * size, lang)
    units = divide_half_even(base, meter.per_unit)
    if units < 1_000:
        return quantity(base, meter, lang)
    size = 10 ** (len(str(units)) - 3)
    return whole(divide_half_even(units, size) * size, lang)


def quantity(base: int, meter: Meter, lang: str) -> str:
    """Format base units as a figure without the unit. Money has its currency sign."""
    if meter.name == "cost":
        return money(base, lang)
    text = units_text(base, meter)
    if "." in text:
        text = f"{Decimal(text).quantize(Decimal('0.01'), ROUND_HALF_EVEN):f}"
        text = text.rstrip("0").rstrip(".")
    return grouped(text, lang)


def unit_word(meter: Meter, lang: str) -> str:
    """Return the name of a meter's unit; "" for money, because money has a currency sign."""
    if meter.name == "cost":
        return ""
    return meter.unit if lang == "en" else UNITS_VI.get(meter.unit, meter.unit)


def with_unit(base: int, meter: Meter, lang: str) -> str:
    """Format base units as a figure with its unit."""
    return f"{quantity(base, meter, lang)} {unit_word(meter, lang)}".rstrip()


def percent(value: Decimal, lang: str) -> str:
    """Format a percentage with one decimal. A value below 100 is never shown as 100 or more.

    A value above 0 is never shown as 0.
    """
    shown = value.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    if value < 100 <= shown:
        shown = Decimal("99.9")
    if value > 0 and not shown:
        return f"<{grouped('0.1', lang)}%"
    return f"{grouped(f'{shown:f}', lang)}%"


def duration(microseconds: int, lang: str) -> str:
    """Format a duration in its two largest units."""
    return duration_text(microseconds, _TIME_UNITS_VI if lang == "vi" else TIME_UNITS)


def age(microseconds: int, lang: str) -> str:
    """Format how long ago an instant was, in the largest unit: "3 minutes ago"."""
    seconds = max(0, microseconds // SECOND)
    for size, name, name_vi in _AGE_UNITS:
        if seconds >= size:
            number = seconds // size
            if lang == "vi":
                return f"{whole(number, lang)} {name_vi} trước"
            return f"{whole(number, lang)} {name}{'' if number == 1 else 's'} ago"
    return "just now" if lang == "en" else "vừa xong"


def stamp(at: int, zone: tzinfo) -> str:
    """Format an instant as local date and time."""
    return f"{moment(at, zone):%Y-%m-%d %H:%M:%S}"


def clock_text(at: int, now: int, zone: tzinfo) -> str:
    """Format an instant as local time. The date is added if `at` is not within the next 24 hours."""
    there = moment(at, zone)
    return f"{there:%H:%M}" if 0 <= at - now <= _DAY else f"{there:%Y-%m-%d %H:%M}"
