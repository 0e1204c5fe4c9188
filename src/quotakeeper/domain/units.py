"""Meters: what can be counted, in which base unit, and how an amount is written for people.

Token meters never overlap, so they can be added: `input_tokens` (not cached, with tool results),
`cached_input_tokens`, `output_tokens` (visible) and `thought_tokens`. `tokens` is their sum and is
never stored. A quantity can have a modality: "input_tokens@audio" is the audio part of the input. A
key without a modality is for text, or for a meter that has no modalities.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, Inexact
from functools import lru_cache
from types import MappingProxyType

from quotakeeper.domain.money import (
    PICO_PER_USD,
    divide_half_even,
    parse_decimal,
    shortened,
    usd_text,
)
from quotakeeper.domain.numbers import LOSSLESS
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

MAX_QUANTITY = 10**12  # the most in one event: a trillion tokens, 31 years of audio
MAX_AMOUNT = 2**62  # the largest amount of a limit
TOKEN_METERS = ("input_tokens", "cached_input_tokens", "output_tokens", "thought_tokens")
_HALF = Decimal("0.5")
MODALITIES = ("text", "audio", "image", "video", "document")

# Stored quantities: "meter" or "meter@modality" -> whole units. Zeros are omitted.
Quantities = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that can be counted, with a name and a unit.

    `parts` are the names of the stored meters that this meter adds up; for most meters, only its
    own name. `per_unit` is the number of base units in one displayed unit, such as 60,000
    milliseconds in a minute.
    """

    name: str
    unit: str
    parts: tuple[str, ...]
    per_unit: int = 1


def _stored(name: str, unit: str) -> Meter:
    return Meter(name, unit, (name,))


METERS: Mapping[str, Meter] = MappingProxyType(
    {
        meter.name: meter
        for meter in (
            *(_stored(name, "tokens") for name in TOKEN_METERS),
            Meter("tokens", "tokens", TOKEN_METERS),
            _stored("audio_milliseconds", "milliseconds"),
            Meter("audio_seconds", "seconds", ("audio_milliseconds",), 1_000),
            Meter("audio_minutes", "minutes", ("audio_milliseconds",), 60_000),
            _stored("session_milliseconds", "milliseconds"),
            Meter("session_minutes", "minutes", ("session_milliseconds",), 60_000),
            _stored("characters", "characters"),
            _stored("requests", "requests"),
            _stored("searches", "searches"),
            _stored("images", "images"),
            _stored("cache_token_hours", "token-hours"),
            Meter("cost", "USD", ("cost",), PICO_PER_USD),
        )
    }
)
# Meters that a usage event can contain: all that are not sums, except cost, which is derived.
STORED_METERS = frozenset(
    name for name, meter in METERS.items() if meter.parts == (name,) and name != "cost"
)


def meter_named(name: str, field: str = "meter") -> Meter:
    """Return the meter with this name. Raises InvalidInputError that lists all names."""
    meter = METERS.get(name) if isinstance(name, str) else None
    if meter is None:
        raise InvalidInputError(
            field, f"unknown meter {str(name)[:60]!r}", "one of: " + ", ".join(sorted(METERS))
        )
    return meter


def split_key(key: str) -> tuple[str, str]:
    """Split a quantity key into its meter and its modality; "" if the key has no modality."""
    name, _, modality = key.partition("@")
    return name, modality


def by_meter(quantities: Mapping[str, int]) -> dict[str, int]:
    """Return the quantities summed over modalities, in the order in which their meters first occur."""
    totals: dict[str, int] = {}
    for key, amount in quantities.items():
        meter = split_key(key)[0]
        totals[meter] = totals.get(meter, 0) + amount
    return totals


@lru_cache(maxsize=512)
def is_stored_key(key: str) -> bool:
    """Return whether a stored event may contain this key: a stored meter with or without a
    modality.
    """
    name, modality = split_key(key)
    return name in STORED_METERS and (not modality or modality in MODALITIES)


def check_quantities(quantities: Mapping[str, object]) -> dict[str, int]:
    """Return the quantities as a dict without zeros, sorted by key.

    Raises InvalidInputError, which names the key, for an unknown meter or modality. Also raises it
    for a value that is not whole, is negative, or is above 10**12.
    """
    checked: dict[str, int] = {}
    for key in sorted(quantities):
        amount = quantities[key]
        if key in _METERS_OF and type(amount) is int and 0 <= amount <= MAX_QUANTITY:
            if amount:
                checked[key] = amount
            continue  # the common case; every call comes here
        name, modality = split_key(key)
        if name not in STORED_METERS:
            raise InvalidInputError(
                key, f"unknown meter {name[:60]!r}", "one of: " + ", ".join(sorted(STORED_METERS))
            )
        if modality and modality not in MODALITIES:
            raise InvalidInputError(
                key, f"unknown modality {modality[:60]!r}", "one of: " + ", ".join(MODALITIES)
            )
        whole = check_whole(amount, key)
        if whole:
            checked[key] = whole
    return checked


def check_whole(value: object, field: str, most: int = MAX_QUANTITY) -> int:
    """Return `value` as an int if it is a whole number from 0 to `most`.

    Raises InvalidInputError about `field` for any other value.
    """
    if type(value) is int and 0 <= value <= most:  # the common case; every call comes here
        return value
    number = parse_decimal(value, field)
    shown = shortened(number)
    if number < 0:
        raise InvalidInputError(field, f"{shown} is negative", "give zero or more")
    if number > most:
        raise InvalidInputError(field, f"{shown} is too large", f"the most is {most}")
    whole = int(number)
    if whole != number:
        raise InvalidInputError(field, f"{shown} is not whole", "give a whole number")
    return whole


def measure(meter: Meter, quantities: Quantities, cost_pico: int | None) -> int:
    """Return how much of a meter a call used, in base units. A cost that is not known counts as 0."""
    if meter.name == "cost":
        return cost_pico or 0
    keys = _KEYS[meter.name]
    total = 0
    for key, amount in quantities.items():  # a plain loop is faster; every call runs it
        if key in keys:
            total += amount
    return total


def amounts_of(quantities: Quantities, cost_pico: int | None) -> dict[str, int]:
    """Return how much of each meter a call used, in base units, by the meter's name.

    The result has the stored meters, "tokens" and "cost". Meters that the call did not use are
    absent, and so is a cost that is not known. Each amount is equal to `measure` of the meter.
    """
    found: dict[str, int] = {}
    for key, amount in quantities.items():
        for name in _METERS_OF.get(key, ()):
            found[name] = found.get(name, 0) + amount
    if cost_pico:
        found["cost"] = cost_pico
    return found


# All keys that count for a meter: its parts, each with and without a modality.
_KEYS = {
    name: frozenset(
        f"{part}@{modality}" if modality else part
        for part in meter.parts
        for modality in ("", *MODALITIES)
    )
    for name, meter in METERS.items()
}
# The meters of limits that each stored key counts for: its own meter, and "tokens".
_METERS_OF = {
    key: (name, "tokens") if name in TOKEN_METERS else (name,)
    for name in STORED_METERS
    for key in _KEYS[name]
}
STORED_KEYS = _METERS_OF.keys()  # all keys that a stored event may contain


def amount_from_units(value: object, meter: Meter, field: str = "amount") -> int:
    """Convert an amount in displayed units ("1000" minutes, "10.00" USD) to exact base units.

    Raises InvalidInputError if the amount is negative, not finite, too large, or no whole number of
    base units.
    """
    number = parse_decimal(value, field)
    shown = f"{shortened(number)} {meter.unit}"
    if number < 0:
        raise InvalidInputError(field, f"{shown} is negative", "give zero or more")
    if number > MAX_AMOUNT:
        raise InvalidInputError(field, f"{shown} is too large", "give less")
    try:
        scaled = LOSSLESS.multiply(number, meter.per_unit)
    except Inexact:  # more digits than any amount in base units has
        scaled = _HALF
    base = int(scaled)
    if base != scaled:
        raise InvalidInputError(
            field, f"{shown} has more decimals than can be counted", "give fewer decimals"
        )
    if base > MAX_AMOUNT:
        raise InvalidInputError(field, f"{shown} is too large", "give less")
    return base


def units_text(base: int, meter: Meter) -> str:
    """Return base units as text in the meter's displayed unit.

    Costs are exact; other amounts have at most six decimals.
    """
    if meter.name == "cost":
        return usd_text(base)
    if meter.per_unit == 1:
        return str(base)
    millionths = divide_half_even(abs(base) * 10**6, meter.per_unit)
    whole, fraction = divmod(millionths, 10**6)
    text = f"{whole}.{fraction:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if base < 0 and millionths else text
