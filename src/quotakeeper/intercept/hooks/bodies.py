"""A request's body as far as it can be seen without taking anything from it."""

from __future__ import annotations

import io
from typing import Any

# A file that is larger is known by its size alone: a bound is not worth holding it in memory.
MOST_FILE = 64 * 1024 * 1024


def seen_body(body: Any) -> tuple[bytes | None, int | None]:
    """(the bytes or None, the size or None); an iterator is not touched."""
    if body is None:
        return b"", 0
    if isinstance(body, bytes):
        return body, len(body)
    if isinstance(body, bytearray | memoryview):
        data = bytes(body)
        return data, len(data)
    if isinstance(body, str):
        data = body.encode("utf-8", "replace")
        return data, len(data)
    if isinstance(body, io.IOBase) or (hasattr(body, "read") and hasattr(body, "seek")):
        return _file(body)
    return None, None


def _file(file: Any) -> tuple[bytes | None, int | None]:
    """What is left of a file that can be read again; it stays where it is."""
    try:
        if not file.seekable() or isinstance(file, io.TextIOBase):
            return None, None
        at = file.tell()
        size = file.seek(0, io.SEEK_END) - at
    except (OSError, ValueError, AttributeError):
        return None, None
    try:
        file.seek(at)
        if size > MOST_FILE:
            return None, size
        data = file.read(size)
        return (data, len(data)) if isinstance(data, bytes) else (None, None)
    finally:
        file.seek(at)
