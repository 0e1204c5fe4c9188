"""Guards a connection: checks each head and the framing of each body before the HTTP library.

The guard never passes on bytes that it has not understood. What it passes on is written out again:
heads in one spelling, chunks without extensions and trailers. A second request on a connection waits
here until the first one was answered, so a refusal never overtakes an answer.
"""

from __future__ import annotations

from collections import deque

from quotakeeper.http_server.chunks import LAST_CHUNK, ChunkDecoder, chunk_of
from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.heads import MOST_HEAD_BYTES, RequestHead, parse_head, written_out

MOST_WAITING = 64 * 1024  # bytes of later requests, or of a socket that is not open yet
_HEAD_END = b"\r\n\r\n"


class ConnectionGuard:
    """The guard of one connection, as a state machine without I/O.

    `feed` returns the bytes for the HTTP library. `heads` has the checked heads of these bytes.
    After a refusal, `refusal` is set and nothing is passed on.
    """

    def __init__(self) -> None:
        self.heads: deque[RequestHead] = deque()
        self.refusal: RequestRefusedError | None = None
        self._waiting = bytearray()
        self._is_answering = False  # a request was passed on and is not answered
        self._is_socket = False  # the request is a handshake: what follows is not HTTP
        self._left = 0  # bytes of the body that are still to come
        self._chunks: ChunkDecoder | None = None

    @property
    def is_in_head(self) -> bool:
        """Whether a head has begun and is not complete."""
        return bool(self._waiting) and not self._is_answering

    @property
    def is_in_body(self) -> bool:
        """Whether a body has begun and is not complete."""
        return self._left > 0 or self._chunks is not None

    def feed(self, data: bytes) -> bytes:
        """Check the next bytes. Returns the bytes for the HTTP library."""
        if self.refusal is not None:
            return b""
        self._waiting += data
        passed: list[bytes] = []
        try:
            while self._step(passed):
                pass
            if len(self._waiting) > MOST_WAITING:
                raise RequestRefusedError("too many bytes follow a request that is not answered")
        except RequestRefusedError as refusal:
            self.refusal = refusal
            self._waiting.clear()
        return b"".join(passed)

    def answered(self) -> bytes:
        """Continue with the next request, because the last one was answered.

        Returns the bytes for the HTTP library. After a handshake, no request follows.
        """
        if self._is_socket:
            self._waiting.clear()
            return b""
        self._is_answering = False
        return self.feed(b"")

    def socket_opened(self) -> bytes:
        """Return the bytes that arrived after the handshake, because the socket is open now."""
        data, self._waiting = bytes(self._waiting), bytearray()
        return data

    def _step(self, passed: list[bytes]) -> bool:
        """Take the next part of the waiting bytes. Returns whether more can be taken."""
        if self._chunks is not None:
            return self._take_chunks(self._chunks, passed)
        if self._left:
            return self._take_body(passed)
        if self._is_answering:
            return False
        return self._take_head(passed)

    def _take_head(self, passed: list[bytes]) -> bool:
        end = self._waiting.find(_HEAD_END)
        if end < 0:
            if len(self._waiting) > MOST_HEAD_BYTES:
                raise RequestRefusedError("the head is longer than 16 KiB", 431)
            _check_lines(self._waiting)
            return False
        head = parse_head(self._taken(end + len(_HEAD_END)))
        self.heads.append(head)
        passed.append(written_out(head))
        self._is_answering = True
        self._is_socket = head.is_websocket
        if head.length is None:
            self._chunks = ChunkDecoder()
        else:
            self._left = head.length
        return True

    def _take_body(self, passed: list[bytes]) -> bool:
        piece = self._taken(min(self._left, len(self._waiting)))
        self._left -= len(piece)
        passed.append(piece)
        return bool(piece) and not self._left

    def _take_chunks(self, chunks: ChunkDecoder, passed: list[bytes]) -> bool:
        passed.append(chunk_of(chunks.feed(self._taken(len(self._waiting)))))
        if not chunks.is_done:
            return False
        passed.append(LAST_CHUNK)
        self._waiting += chunks.rest
        self._chunks = None
        return True

    def _taken(self, size: int) -> bytes:
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        return data


def _check_lines(data: bytearray) -> None:
    """Raise RequestRefusedError at the first line without CRLF: such a head may never end."""
    at = data.find(b"\n")
    while at >= 0:
        if at == 0 or data[at - 1] != 0x0D:
            raise RequestRefusedError("a line of the head ends without CRLF")
        at = data.find(b"\n", at + 1)
    if data[:2] == b"\r\n":
        raise RequestRefusedError("an empty line comes before the request")
