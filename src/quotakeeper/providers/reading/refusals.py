"""Writes the answer to a call that was not let out: 402 or 429, with the wait in its headers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType

from quotakeeper.providers.contract import Refusal

_JSON: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})
_MOST_SECONDS = 10**8


def refusal_with(
    body: object, *, hard: bool, retry_after_seconds: float | None,
    headers: Mapping[str, str] = _JSON,
) -> Refusal:  # fmt: skip
    """A refusal with a JSON body: 402 for a limit that stays, which no SDK tries again; else 429.

    A 429 has `retry-after` in whole seconds where the wait is known.
    """
    seconds = None if hard else whole_seconds(retry_after_seconds)
    wait = {} if seconds is None else {"retry-after": str(seconds)}
    return Refusal(402 if hard else 429, {**headers, **wait}, json.dumps(body).encode())


def whole_seconds(seconds: float | None) -> int | None:
    """A wait in whole seconds: rounded up, at least 1, at most three years; None if not known."""
    return None if seconds is None else max(1, math.ceil(min(seconds, _MOST_SECONDS)))
