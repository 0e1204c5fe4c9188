"""The `[currency]` table: the exchange rate for showing costs in a second currency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from quotakeeper.domain.money import ExchangeRate, parse_decimal, shortened
from quotakeeper.domain.usage import check_label
from quotakeeper.errors import InvalidInputError

_KEYS = ("code", "per_usd", "date", "source")
_CODE = re.compile(r"[A-Z]{3}")
_EXAMPLE = 'write it like code = "VND", per_usd = 26_300, date = 2026-11-28, source = "my bank"'


def exchange_rate(value: object) -> ExchangeRate:
    """Return the exchange rate in a `[currency]` table, or in the text of an environment variable.

    Such a text is "VND 26300 2026-11-28 my bank". Raises InvalidInputError.
    """
    if isinstance(value, str):
        value = dict(zip(_KEYS, value.split(None, len(_KEYS) - 1), strict=False))
    if not isinstance(value, Mapping):
        raise InvalidInputError("", "is not a table", _EXAMPLE)
    for key in value:
        if key not in _KEYS:
            raise InvalidInputError("", f"{str(key)[:60]!r} is not a known key", _EXAMPLE)
    for key in _KEYS:
        if key not in value:
            raise InvalidInputError("", f"{key} is missing", _EXAMPLE)
    code = value["code"]
    if not isinstance(code, str) or not _CODE.fullmatch(code) or code == "USD":
        problem = f"code {str(code)[:20]!r} is not the code of a currency (USD is not allowed here)"
        raise InvalidInputError("", problem, 'write three capital letters, like "VND"')
    per_usd = parse_decimal(value["per_usd"], "per_usd")
    if not 0 < per_usd < 10**9:
        raise InvalidInputError(
            "", f"per_usd {shortened(per_usd)} is not a valid rate", "write it like 26_300"
        )
    return ExchangeRate(code, per_usd, _day(value["date"]), check_label(value["source"], "source"))


def _day(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        problem = f"date {str(value)[:40]!r} is not a date"
        raise InvalidInputError("", problem, "write it like 2026-11-28") from None
