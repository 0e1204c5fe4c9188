"""Reads the text format of Prometheus into exact numbers, for tests."""

from __future__ import annotations

import re
from decimal import Decimal

Scraped = dict[str, dict[tuple[str, ...], Decimal]]
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'\w+="((?:[^"\\]|\\.)*)"')


def scraped(text: str) -> Scraped:
    """Return the samples by name, and by the values of their labels in order."""
    found: Scraped = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line)
        assert match is not None, line
        values = tuple(_LABEL.findall(match[2] or ""))
        family = found.setdefault(match[1], {})
        assert values not in family, line  # Prometheus refuses the whole text
        family[values] = Decimal(match[3])
    return found
