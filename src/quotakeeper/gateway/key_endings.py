"""Changes the error that ends a stream, if its key may not be used any longer.

The provider's own form stays. Its SDK then raises the error that it raises for a wrong key, and does
not try again as after a rate limit.
"""

from __future__ import annotations

import json

_CODE, _STATUS = 401, "UNAUTHENTICATED"
_TEXT_CODE, _TYPE = "invalid_api_key", "authentication_error"


def as_key_error(ending: bytes) -> bytes:
    """Return the bytes that end a stream, with the error for a wrong key in place of a rate limit.

    Bytes without a JSON object stay as they are.
    """
    start, end = ending.find(b"{"), ending.rfind(b"}") + 1
    if start < 0 or end <= start:
        return ending
    body = json.loads(ending[start:end])
    error = body.get("error", body)
    if "status" in error:
        error["status"] = _STATUS
    if "type" in error:
        error["type"] = _TYPE
    if "code" in error:
        error["code"] = _CODE if isinstance(error["code"], int) else _TEXT_CODE
    return ending[:start] + json.dumps(body).encode() + ending[end:]
