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


class Gathered:
    """A body that is seen piece by piece as it leaves; the bytes of a small one are kept."""

    headers_left = False  # where the headers leave by the same way, before it

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: Any) -> None:
        """The next piece."""
        self._size += len(piece)
        if self._size > MOST_FILE:
            self._pieces.clear()
        else:
            self._pieces.append(bytes(piece))

    def add_chunk(self, data: bytes) -> None:
        """The next piece, with its size before it and a line's end after it."""
        self.add(data.partition(b"\r\n")[2][:-2])

    @property
    def seen(self) -> tuple[bytes | None, int]:
        """(the bytes or None, the size), once it is whole."""
        return (None if self._size > MOST_FILE else b"".join(self._pieces)), self._size


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
