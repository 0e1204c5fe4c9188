"""Returns a request's decompressed body and its size."""

from __future__ import annotations

from quotakeeper.providers.contract import Request
from quotakeeper.providers.formats.encodings import decode_all
from quotakeeper.providers.formats.json_values import whole


def body_of(request: Request) -> tuple[bytes | None, int | None]:
    """Return (the decompressed body, its size in bytes).

    The body is None if its bytes are unknown or cannot be decompressed. The size is None if
    unknown.
    """
    size = request.body_size
    if size is None:
        size = whole(request.header("content-length").strip())
    if request.body is None or request.is_partial:
        return None, size
    body = bytes(request.body)
    encoding = request.header("content-encoding")
    plain = decode_all(body, encoding) if encoding else body
    return plain, max(size or 0, len(body)) if plain is None else len(plain)
