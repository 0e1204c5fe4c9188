"""Reads a request's body without consuming it."""

from __future__ import annotations

import io
from typing import Any

# Of a larger file only the size is used: its bytes would take too much memory.
MOST_FILE = 64 * 1024 * 1024


def seen_body(body: Any) -> tuple[bytes | None, int | None]:
    """Return the bytes of a body and its size in bytes. Each is None if it is not known.

    Does not consume iterators.
    """
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


class Gathered:
    """Collects the chunks of a body while they are sent. Above `MOST_FILE` bytes, drops all
    chunks."""

    headers_left = False  # whether the headers were sent; the same function sends headers and body

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: Any) -> None:
        """Add the next chunk."""
        self._size += len(piece)
        if self._size > MOST_FILE:
            self._pieces.clear()
        else:
            self._pieces.append(bytes(piece))

    def add_chunk(self, data: bytes) -> None:
        """Add the data of the next HTTP/1 chunk: without the size before it and the end of line
        after it."""
        self.add(data.partition(b"\r\n")[2][:-2])

    @property
    def seen(self) -> tuple[bytes | None, int]:
        """The bytes of the whole body (None if they were dropped), and its size in bytes."""
        return (None if self._size > MOST_FILE else b"".join(self._pieces)), self._size


def _file(file: Any) -> tuple[bytes | None, int | None]:
    """Return the unread bytes of a seekable file and their number. Each is None if it is not known.

    The bytes are None above `MOST_FILE`. Leaves the position of the file unchanged.
    """
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
