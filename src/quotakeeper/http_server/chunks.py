"""Decodes a body in chunks, strictly. Extensions and trailers are checked for size and dropped."""

from __future__ import annotations

import re

from quotakeeper.http_server.head_errors import RequestRefusedError

MOST_OVERHEAD = 16 * 1024  # bytes of sizes, extensions and line ends beyond the body's own size
MOST_TRAILER = 16 * 1024
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")
_END = b"\r\n"
_IN_SIZE, _IN_DATA, _AFTER_DATA, _IN_TRAILER, _DONE = range(5)


class ChunkDecoder:
    """Decodes one body. `feed` returns the bytes of the body; `rest` is what follows the body."""

    def __init__(self) -> None:
        self._state = _IN_SIZE
        self._line = bytearray()  # an incomplete line
        self._left = 0  # bytes of the current chunk that are still to come
        self._overhead = self._body = self._trailer = 0
        self.rest = b""

    @property
    def is_done(self) -> bool:
        """Whether the whole body, with its trailers, has arrived."""
        return self._state == _DONE

    def feed(self, data: bytes) -> bytes:
        """Decode the next bytes. Raises RequestRefusedError."""
        body = []
        while data and self._state != _DONE:
            if self._state == _IN_DATA:
                piece, data = data[: self._left], data[self._left :]
                body.append(piece)
                self._left -= len(piece)
                self._body += len(piece)
                if not self._left:
                    self._state = _AFTER_DATA
            else:
                data = self._read_line(data)
        self.rest = data if self._state == _DONE else b""
        return b"".join(body)

    def _read_line(self, data: bytes) -> bytes:
        """Take a line or its beginning from the data, and return what follows."""
        before = len(self._line)
        end = data.find(b"\n")
        taken = data if end < 0 else data[: end + 1]
        self._line += taken
        self._count(len(self._line) - before)
        if end >= 0:
            line, self._line = bytes(self._line), bytearray()
            if not line.endswith(_END) or b"\r" in line[:-2]:
                raise RequestRefusedError("a line of the chunked body ends without CRLF")
            self._take(line[:-2])
        return data[len(taken) :]

    def _take(self, line: bytes) -> None:
        if self._state == _AFTER_DATA:
            if line:
                raise RequestRefusedError("a chunk is longer than its size")
            self._state = _IN_SIZE
        elif self._state == _IN_SIZE:
            found = _SIZE.fullmatch(line)
            if found is None:
                raise RequestRefusedError("a chunk's size is not a hexadecimal number")
            self._left = int(found[1], 16)
            self._state = _IN_DATA if self._left else _IN_TRAILER
        elif not line:
            self._state = _DONE
        elif not _TRAILER.fullmatch(line):
            raise RequestRefusedError("a trailer is not a header")

    def _count(self, size: int) -> None:
        if self._state == _IN_TRAILER:
            self._trailer += size
            if self._trailer > MOST_TRAILER:
                raise RequestRefusedError("the trailers are longer than 16 KiB", 431)
            return
        self._overhead += size
        if self._overhead > MOST_OVERHEAD + self._body:
            raise RequestRefusedError("the chunks have more framing than content")


def chunk_of(piece: bytes) -> bytes:
    """Return a piece of a body as one chunk. An empty piece gives b"", not the last chunk."""
    return b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""


LAST_CHUNK = b"0\r\n\r\n"
