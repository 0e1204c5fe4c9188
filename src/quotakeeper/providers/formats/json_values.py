"""Reads JSON of unknown content: no function raises, whatever the value is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from quotakeeper.domain.money import divide_half_even
from quotakeeper.domain.units import MAX_QUANTITY

Json = Mapping[str, object]
EMPTY: Json = {}
_NAME = re.compile(r"[^\x21-\x7e]+")
_MOST_NAME = 200


def parse_json(data: bytes | str) -> object:
    """Return the JSON value in a text; None if the text is not JSON."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes | bytearray) else data
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_object(data: bytes | str) -> Json:
    """Return the JSON object in a text; {} if there is none."""
    return as_object(parse_json(data))


def as_object(value: object) -> Json:
    """Return `value` if it is an object, else {}."""
    return value if isinstance(value, dict) else EMPTY


def child(value: object, *names: str) -> Json:
    """Return the object under a path of names; {} if there is none."""
    for name in names:
        value = as_object(value).get(name)
    return as_object(value)


def items(value: object) -> list[object]:
    """Return `value` if it is a list, else []."""
    return value if isinstance(value, list) else []


def objects(value: object) -> Iterator[Json]:
    """Yield the objects in a list; nothing if `value` is not a list."""
    for item in items(value):
        if isinstance(item, dict):
            yield item


def text_of(value: object) -> str:
    """Return `value` if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def name_of(value: object) -> str:
    """Return a name or id in a form to store: printable ASCII, without blanks, at most 200
    characters.
    """
    return _NAME.sub("", text_of(value))[:_MOST_NAME]


def whole(value: object) -> int | None:
    """Return a whole number from 0 to 10**12; else None. Also reads "12" and 12.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 13):
            return None
        value = int(value)
    if isinstance(value, float):
        if not 0 <= value <= MAX_QUANTITY or value != int(value):
            return None
        value = int(value)
    if not isinstance(value, int) or not 0 <= value <= MAX_QUANTITY:
        return None
    return value


def count(value: object) -> int:
    """Return a whole number from 0 to 10**12, as `whole` reads it; else 0."""
    return whole(value) or 0


def milliseconds(seconds: object) -> int | None:
    """Return a number of seconds as whole milliseconds, rounded half to even.

    Returns None if `seconds` is not a number, or is negative or too large.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not 0 <= seconds <= MAX_QUANTITY // 1000:
        return None
    exact = Decimal(repr(seconds))
    return divide_half_even(int((exact * 1_000_000).to_integral_value()), 1000)


def first_object(head: bytes, key: str) -> Json:
    """Return the first whole object with the name `key` in the beginning of a document; {} if none."""
    text = head.decode("utf-8", "replace")
    at = -1
    while (at := text.find(f'"{key}"', at + 1)) >= 0:
        found = _object_at(text, at, key)
        if found is not None:
            return found
    return EMPTY


def last_object(tail: bytes, key: str) -> Json:
    """Return the last whole object with the name `key` in the end of a document; {} if none."""
    text = tail.decode("utf-8", "replace")
    at = len(text)
    while (at := text.rfind(f'"{key}"', 0, at)) >= 0:
        found = _object_at(text, at, key)
        if found is not None:
            return found
    return EMPTY


def _object_at(text: str, at: int, key: str) -> Json | None:
    """Return the object whose quoted name is at position `at`; None if it is absent or cut."""
    start = text.find("{", at)
    if start < 0 or text[at + len(key) + 2 : start].strip() != ":":
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return as_object(found)


def dumps(value: object) -> str:
    """Return a value as JSON text, for counting; "" if it cannot be written as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return ""
