"""Reads and lowers the output cap in a request's JSON body.

quotakeeper changes a body only with `on_limit = "clamp"`, and only its output cap.
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
    """Return a request's JSON object as a new dictionary; None if the body is not a JSON object."""
    raw, _size = body_of(request)
    if raw is None:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def why_fixed(request: Request, body: Json | None) -> str:
    """Return why a request's body cannot be replaced; "" if it can be replaced."""
    if request.body is None or not request.is_replaceable:
        return STREAMED
    if request.header("content-encoding"):
        return PACKED
    return UNREAD if body is None else ""


def rewritten(request: Request, change: Callable[[dict[str, Any]], None]) -> bytes | None:
    """Return a request's body after `change` has changed it; None if the body cannot be replaced.

    Keys keep their order. Characters outside ASCII are written as escapes, which decode to the same
    text.
    """
    body = json_body(request)
    if body is None or why_fixed(request, body):
        return None
    change(body)
    return json.dumps(body, separators=(",", ":")).encode("ascii")
