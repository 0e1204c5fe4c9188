"""Writes the values of finished messages in Vietnamese: numbers, amounts, durations and windows."""

from __future__ import annotations

import re

from quotakeeper.cli.text.figures import UNITS_VI

_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)(?: (.+))?", re.DOTALL)
_MARKS = str.maketrans(",.", ".,")
_WINDOWS = {
    "minute": "phút",
    "hour": "giờ",
    "day": "ngày",
    "week": "tuần",
    "month": "tháng",
}
_ROLLING = re.compile(r"rolling (\d+)([smhd])")
_DURATION = re.compile(r"\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))?")
_TIME_UNITS = {"d": "ngày", "h": "giờ", "min": "phút", "s": "giây"}
_SPANS = {"s": "giây", "m": "phút", "h": "giờ", "d": "ngày"}


def value_in_vietnamese(text: str) -> str:
    """Return a number, an amount, a duration or a window in Vietnamese.

    Any other value stays as it is.
    """
    if _DURATION.fullmatch(text):
        return " ".join(_TIME_UNITS.get(each, each) for each in text.split())
    number = _NUMBER.fullmatch(text)
    if number is not None:
        unit = number[2]
        said = number[1].translate(_MARKS)
        return said if unit is None else f"{said} {_unit(unit)}"
    rolling = _ROLLING.fullmatch(text)
    if rolling is not None:
        return f"{rolling[1]} {_SPANS[rolling[2]]} gần nhất"
    return _WINDOWS.get(text, text)


def _unit(unit: str) -> str:
    return "US$" if unit == "USD" else UNITS_VI.get(unit, UNITS_VI.get(f"{unit}s", unit))
