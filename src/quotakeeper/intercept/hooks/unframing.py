"""Finds the end of the body of an HTTP/1 answer while it is read: chunked, or with a known
length."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST_LINE = 65_536


class Unframing:
    """Takes the raw bytes after the headers, and passes the bytes of the body to `give`.

    `done` is set at the end of the body. `length` is the size of the body in bytes. If it is None
    and `chunked` is False, the body ends when the connection is closed.
    """

    def __init__(self, give: Callable[[bytes], None], *, chunked: bool, length: int | None) -> None:
        self._give = give
        self._chunked = chunked
        self._left = 0 if chunked else length
        self._line = b""
        self._in_data = not chunked
        self.done = length == 0 and not chunked

    @property
    def is_chunked(self) -> bool:
        """Whether the body is sent with chunked transfer encoding."""
        return self._chunked

    @property
    def between_chunks(self) -> bool:
        """Whether the last chunk is complete and the next chunk has not begun."""
        return self._chunked and not self._in_data and not self._line and not self.done

    @property
    def ends_with_connection(self) -> bool:
        """Whether the body ends only when the connection is closed."""
        return not self._chunked and self._left is None

    def feed(self, data: bytes) -> None:
        """Add the next raw bytes."""
        while data and not self.done:
            data = self._body(data) if self._in_data else self._chunk_line(data)

    def _body(self, data: bytes) -> bytes:
        if self._left is None:
            self._give(data)
            return b""
        piece = data[: self._left]
        self._left -= len(piece)
        self._give(piece)
        if not self._left:
            self._in_data = False
            self.done = not self._chunked
        return data[len(piece) :]

    def _chunk_line(self, data: bytes) -> bytes:
        line, newline, rest = data.partition(b"\n")
        self._line += line
        if len(self._line) > _LONGEST_LINE:
            self._left, self.done = -1, True  # this is not chunked; the reader raises its own error
        if not newline:
            return b""
        text, self._line = self._line.split(b";")[0].strip(), b""
        if text:  # an empty line ends the chunk before it
            try:
                self._left = int(text, 16)
            except ValueError:
                self._left = -1
            self.done = self._left <= 0
            self._in_data = not self.done
        return rest

    @property
    def whole(self) -> bool:
        """Whether the body is complete, by its length or its last chunk."""
        return self.done and self._left == 0
