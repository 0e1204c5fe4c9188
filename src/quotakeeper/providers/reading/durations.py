"""Reads durations as providers write them: "45", "26.66s", "500ms", "6m0s", "9h51m17s"."""

from __future__ import annotations

import re

_LONGEST_US = 400 * 86_400 * 10**6  # a longer duration is not a wait
_UNITS = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9,
    "d": 86_400 * 10**9,
}  # fmt: skip
_PART = r"[0-9]{1,9}(?:\.[0-9]{1,12})?(?:ns|us|ms|s|m|h|d)"
_PARTS = re.compile(f"(?:{_PART})+")
_ONE = re.compile(r"([0-9]+)(?:\.([0-9]+))?([a-z]+)")
_PLAIN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,12}))?")
# "retry in 26.66s", "try again in 6m0s", "will reset after 9h51m17s"
_IN_TEXT = re.compile(rf"(?:retry in|try again in|reset(?:s)? (?:after|in)) ((?:{_PART})+)", re.I)


def microseconds_of(text: str) -> int | None:
    """Return a duration in whole microseconds, rounded up.

    A number without a unit is in seconds. Returns None for another text, such as a date, and for
    more than 400 days.
    """
    text = text.strip()
    plain = _PLAIN.fullmatch(text)
    if plain:
        nanoseconds = _nanoseconds(plain[1], plain[2], "s")
    elif _PARTS.fullmatch(text):
        nanoseconds = sum(_nanoseconds(*one.groups()) for one in _ONE.finditer(text))
    else:
        return None
    length = -(-nanoseconds // 1_000)
    return length if length <= _LONGEST_US else None


def longest_in_text(message: str) -> int | None:
    """Return the longest wait that a message states, in microseconds; None if it states none."""
    told = [microseconds_of(found[1]) for found in _IN_TEXT.finditer(message)]
    return max((each for each in told if each is not None), default=None)


def _nanoseconds(whole: str, fraction: str | None, unit: str = "s") -> int:
    size, digits = _UNITS[unit], fraction or ""
    # In whole numbers, rounded up, so that the wait is never too short.
    part: int = -(-int(digits or 0) * size // 10 ** len(digits))
    return int(whole) * size + part
