"""The output cap in a request's JSON body: found for a bound, and lowered where the user asks for it.

A body is changed by nothing but `on_limit = "clamp"`, and of it only the one number.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from quotakeeper.providers.contract import Request
from quotakeeper.providers.formats.json_values import Json
from quotakeeper.providers.reading.request_body import body_of

STREAMED = "the request's body is sent piece by piece"
PACKED = "the request's body is compressed"
UNREAD = "the request's body is not a JSON object"


def json_body(request: Request) -> dict[str, Any] | None:
    """A request's body as an object of its own, or None where it is none."""
    raw, _size = body_of(request)
    if raw is None:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def why_fixed(request: Request, body: Json | None) -> str:
    """Why no other body can be sent in place of a request's; "" where one can."""
    if request.body is None or not request.is_replaceable:
        return STREAMED
    if request.header("content-encoding"):
        return PACKED
    return UNREAD if body is None else ""


def rewritten(request: Request, change: Callable[[dict[str, Any]], None]) -> bytes | None:
    """The body of a request after a change; None where it cannot be changed.

    Keys keep their order; a text is written with escapes, which decode to the same.
    """
    body = json_body(request)
    if body is None or why_fixed(request, body):
        return None
    change(body)
    return json.dumps(body, separators=(",", ":")).encode("ascii")
