"""Finds the models whose price changes in a span of time, without reading the whole catalogue.

The command `status` asks for this at every start. Most price files contain no date in the near future. They
are not parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from quotakeeper.catalogue.loader import price_texts
from quotakeeper.catalogue.price_file import parse_price_file
from quotakeeper.domain.windows import SECOND

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DAY = 86_400 * SECOND


def models_with_new_prices(
    overrides: Sequence[Path], after: int, until: int
) -> set[tuple[str, str]]:
    """Return the pairs of provider and model with a price that begins in `(after, until]`.

    `overrides` are the user's price files. Instants are microseconds since 1970 UTC. Raises ConfigError
    for an error in a file that is parsed.
    """
    # A date without a time is midnight in UTC, and a time may have an offset of up to a day.
    first, last = _day(after - _DAY), _day(until + _DAY)
    found: set[tuple[str, str]] = set()
    for name, text, own in price_texts(overrides):
        if any(first <= each <= last for each in _DATE.findall(text)):
            rows = parse_price_file(text, name, own=own).rows
            found |= {(row.provider, row.model) for row in rows if after < row.from_at <= until}
    return found


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).date().isoformat()
