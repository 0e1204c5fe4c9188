"""Writes the answer to a refused call: 402 or 429, with the wait in its headers."""

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
    """Return a refusal with the JSON `body`.

    With `hard`, the program must not retry: the status is 402, which no SDK retries. Otherwise it
    is 429. A 429 has a `retry-after` header in whole seconds, unless `retry_after_seconds` is None.
    """
    seconds = None if hard else whole_seconds(retry_after_seconds)
    wait = {} if seconds is None else {"retry-after": str(seconds)}
    return Refusal(402 if hard else 429, {**headers, **wait}, json.dumps(body).encode())


def whole_seconds(seconds: float | None) -> int | None:
    """Return a wait in whole seconds, rounded up, at least 1 and at most 10**8; None if unknown."""
    return None if seconds is None else max(1, math.ceil(min(seconds, _MOST_SECONDS)))
