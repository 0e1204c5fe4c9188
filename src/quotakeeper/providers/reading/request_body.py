"""Returns a request's body decompressed, or its size if its bytes were not seen."""

from __future__ import annotations

from quotakeeper.providers.contract import Request
from quotakeeper.providers.formats.encodings import decode_all
from quotakeeper.providers.formats.json_values import whole


def body_of(request: Request) -> tuple[bytes | None, int | None]:
    """Return (the decompressed body or None, its size in bytes or None)."""
    size = request.body_size
    if size is None:
        size = whole(request.header("content-length").strip())
    if request.body is None:
        return None, size
    body = bytes(request.body)
    encoding = request.header("content-encoding")
    plain = decode_all(body, encoding) if encoding else body
    return plain, max(size or 0, len(body)) if plain is None else len(plain)
