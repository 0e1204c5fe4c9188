"""Reads Google's bill for Gemini, without I/O: the console's CSV or a flat BigQuery export.

Columns are found by their headers, in any order. Each line counts for the day in Pacific time, as
Google bills.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from quotakeeper.domain.numbers import EXACT
from quotakeeper.domain.units import MAX_QUANTITY
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.account_records import BilledLine
from quotakeeper.value_classes import dataclass

ZONE = "America/Los_Angeles"
# Names of a column by its meaning, without case, punctuation and currency; the first match wins.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "day": ("usage start date", "usage start time", "usage date", "date", "day"),
    "sku": ("sku description", "sku", "sku name"),
    "service": ("service description", "service", "service name"),
    "amount": ("usage amount", "usage quantity", "usage"),
    "unit": ("usage unit",),
    "cost": ("unrounded cost", "unrounded subtotal", "cost", "subtotal"),
    "currency": ("currency",),
    "type": ("cost type",),
    "credit": ("credit type",),
}
_NEEDED = ("day", "sku", "cost")
_OURS = ("gemini", "generative language", "vertex ai")
_COUNTED = ("", "usage", "regular")
_UNITS = {"count": 1, "counts": 1, "token": 1, "tokens": 1, "1": 1, "": 0}
_MOST_PREAMBLE = 50
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_DIRECTION = re.compile(r"(cached input|cached|input|output)\s+token count")
_MODEL = re.compile(r"gemini[ -]\d+(?:\.\d+)?(?:[ -](?:flash|pro|lite|live|tts|image|ultra))*")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The position of each column in a row, and the file's own column names."""

    at: Mapping[str, int]
    names: Sequence[str]
    width: int

    def cell(self, row: Sequence[str], meaning: str) -> str:
        place = self.at.get(meaning)
        return row[place].strip() if place is not None and place < len(row) else ""

    def name(self, meaning: str) -> str:
        return self.names[self.at[meaning]]


def read_bill(
    lines: Iterable[str], zone: tzinfo, models: Sequence[str] = ()
) -> Iterator[BilledLine]:
    """Yield the lines of a bill that are usage of Gemini; taxes, credits and sums are left out.

    `models` are known model names, to find in the SKU descriptions. Raises InvalidInputError, which
    names line and column, if the file is of another kind or the currency is not US dollars.
    """
    reader = csv.reader(lines, strict=True)
    named = _namer(models)
    try:
        columns, currency = _header(reader)
        for row in reader:
            line = _line(row, columns, currency, zone, named, reader.line_num)
            if line is not None:
                yield line
    except csv.Error as error:
        raise InvalidInputError(
            f"line {reader.line_num}", f"is not CSV: {error}", "export it again"
        ) from None


def _header(reader: Iterator[Sequence[str]]) -> tuple[_Columns, str]:
    """Return the columns, and the currency of the file; "" if the file does not state it.

    Raises InvalidInputError if no line has the necessary columns.
    """
    currency = ""
    seen: list[str] = []
    for number, row in enumerate(reader):
        names = [_plain(cell) for cell in row]
        if names[:1] == ["currency"] and len(row) > 1 and len(row) < 4:
            currency = row[1].strip()
            continue
        found = {
            meaning: names.index(name)
            for meaning, choices in COLUMNS.items()
            for name in reversed(choices)
            if name in names
        }
        if all(meaning in found for meaning in _NEEDED):
            return _Columns(found, list(row), len(row)), currency or _marked(row[found["cost"]])
        seen = seen if len(seen) >= len(row) else list(row)
        if number > _MOST_PREAMBLE:
            break
    missing = "; ".join(f"{name}: one of {', '.join(COLUMNS[name])}" for name in _NEEDED)
    shown = ", ".join(cell.strip()[:30] for cell in seen[:12]) or "nothing"
    raise InvalidInputError(
        "the export", f"has no header line with the required columns (found: {shown})", missing
    )


def _plain(cell: str) -> str:
    """Return a column name in lower case, without punctuation and without the part in parentheses.

    "Unrounded Cost ($)" becomes "unrounded cost".
    """
    text = re.sub(r"\([^)]*\)", " ", cell.lower())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())


def _marked(header: str) -> str:
    """Return the currency in a column name like "Cost ($)"; "" if there is none."""
    found = re.search(r"\(([^)]*)\)", header)
    mark = found[1].strip() if found else ""
    return "USD" if mark in ("$", "US$", "USD") else mark


def _line(
    row: Sequence[str], columns: _Columns, currency: str, zone: tzinfo,
    named: Callable[[str], str], number: int,
) -> BilledLine | None:  # fmt: skip
    cell = columns.cell
    if not any(part.strip() for part in row) or not (cell(row, "sku") and cell(row, "day")):
        return None  # a sum, or an empty line
    if len(row) < columns.width and len(row) <= max(columns.at[name] for name in _NEEDED):
        raise InvalidInputError(
            f"line {number}",
            f"has {len(row)} of {columns.width} columns",
            "check that the file is complete",
        )
    if cell(row, "type").lower() not in _COUNTED or cell(row, "credit"):
        return None
    service = cell(row, "service").lower()
    if service and not any(name in service for name in _OURS):
        return None
    if "vertex" in service and "gemini" not in cell(row, "sku").lower():
        return None
    said = cell(row, "currency") or currency
    if said.upper() != "USD":
        what = f"is in {said[:12]!r}" if said else "does not say its currency"
        raise InvalidInputError(
            f"line {number}", f"the export {what}; quotakeeper can compare only USD",
            "use an export in USD that includes the currency",
        )  # fmt: skip
    sku = " ".join(cell(row, "sku").split())[:200]
    per = _UNITS.get(cell(row, "unit").lower(), 0) if "amount" in columns.at else 0
    meter = _meter(sku) if per else ""
    quantity = _whole(cell(row, "amount"), columns.name("amount"), number) if meter else 0
    cost = _pico(_number(cell(row, "cost"), columns.name("cost"), number))
    day = _day(cell(row, "day"), columns.name("day"), zone, number)
    return BilledLine(day, sku, named(sku), meter, quantity * per, cost)


def _meter(sku: str) -> str:
    """Return the meter that a SKU description names; "" if it counts no tokens.

    "...output token count gemini 2.5 flash short input text" is output.
    """
    text = sku.lower().replace("_", " ")
    found = _DIRECTION.search(text)
    if found is None:
        return ""
    if found[1].startswith("cached"):
        return "cached_input_tokens"
    return "output_tokens" if found[1] == "output" else "input_tokens"


def _namer(models: Sequence[str]) -> Callable[[str], str]:
    """Return a function that finds the model in a SKU description.

    The function returns the longest known model in the description, or a longer name that looks
    like a Gemini model. Without both, it returns "".
    """
    by_length = sorted(models, key=len, reverse=True)
    known: dict[str, str] = {}

    def named(sku: str) -> str:
        if sku not in known:
            text = sku.lower().replace("native image generation", "image")
            dashed = re.sub(r"[\s_-]+", "-", text)
            found = next((model for model in by_length if _has(dashed, model)), "")
            loose = _MODEL.search(text)
            seen = re.sub(r"\s+", "-", loose[0]) if loose else ""
            known[sku] = found if len(found) >= len(seen) else seen
        return known[sku]

    return named


def _has(text: str, model: str) -> bool:
    at = text.find(model)
    return at >= 0 and text[at + len(model) : at + len(model) + 1] in ("", "-")


def _day(text: str, column: str, zone: tzinfo, number: int) -> date:
    """Return the date in a cell. A time with a time zone is converted to `zone` first."""
    plain = text.removesuffix(" UTC")
    try:
        if len(plain) == 10:
            return date.fromisoformat(plain)
        found = datetime.fromisoformat(plain)
    except ValueError:
        raise InvalidInputError(
            f"line {number}", f"{column}: {text[:40]!r} is not a date",
            "export it by day, as 2026-11-23, not by month",
        ) from None  # fmt: skip
    if found.tzinfo is None and plain == text:
        return found.date()
    if found.tzinfo is None:
        found = datetime.fromisoformat(f"{plain}+00:00")
    return found.astimezone(zone).date()


def _number(text: str, column: str, number: int) -> Decimal:
    """Return the number in a cell, which may have a sign, a dollar sign and thousands separators."""
    plain = text.replace("$", "").replace("\u2212", "-").strip()
    try:
        # A comma at another place may be the decimal mark of another country.
        well = _NUMBER.fullmatch(plain)
        found = Decimal(plain.replace(",", "") or 0) if well else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found.adjusted() > 15:
        raise InvalidInputError(
            f"line {number}",
            f"{column}: {text[:40]!r} is not a number",
            'export it with numbers like "1,234.56"',
        )
    return found


def _whole(text: str, column: str, number: int) -> int:
    found = _number(text, column, number)
    whole = int(found.to_integral_value(context=EXACT))
    if abs(whole) > MAX_QUANTITY:
        raise InvalidInputError(f"line {number}", f"{column}: {text[:40]!r} is out of range")
    return whole


def _pico(usd: Decimal) -> int:
    return int(EXACT.multiply(usd, 10**12).to_integral_value(context=EXACT))
