"""The server's side of WebSockets (RFC 6455), without extensions."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping

NORMAL, GOING_AWAY, PROTOCOL_ERROR, BAD_DATA, POLICY, TOO_BIG = 1000, 1001, 1002, 1007, 1008, 1009
INTERNAL_ERROR = 1011
LOST = 1006  # never sent: the connection ended without a close frame
MOST_MESSAGE_BYTES = 16 * 1024 * 1024
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_NO_CODE = 1005

Message = str | bytes


class BrokenRuleError(Exception):
    """The client broke a rule of the WebSocket protocol. `code` is the code of the close frame to
    send."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def wants_websocket(headers: Mapping[str, str]) -> bool:
    """Return whether a request asks for a WebSocket. Header names are in lower case."""
    connection = [part.strip() for part in headers.get("connection", "").lower().split(",")]
    return "upgrade" in connection and headers.get("upgrade", "").lower() == "websocket"


def accept(headers: Mapping[str, str], *, protocol: str = "") -> tuple[tuple[str, str], ...] | None:
    """Return the headers of the 101 reply that accepts a handshake; None if the handshake is
    invalid.
    """
    key = headers.get("sec-websocket-key", "")
    try:
        proper = len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        proper = False
    if not proper or headers.get("sec-websocket-version") != "13":
        return None
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    answer = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", base64.b64encode(digest).decode()),
    )
    return (*answer, ("Sec-WebSocket-Protocol", protocol)) if protocol else answer


class WebSocket:
    """One open connection. `read(n)` must return n bytes; fewer only at the end of the connection."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        self._read = read
        self._write = write
        self.closed_with = 0  # the client's close code; LOST without one
        self._closing = False

    @property
    def is_closing(self) -> bool:
        """Whether either side has sent a close frame. The caller then ignores later messages."""
        return self._closing

    def messages(self) -> Iterator[Message]:
        """Yield the client's messages until the client closes the connection or breaks a rule.

        Pings are answered and not yielded. Raises OSError, including TimeoutError, from the
        connection.
        """
        try:
            while not self.closed_with:
                message = self._message()
                if message is not None:
                    yield message
        except BrokenRuleError as error:
            self.closed_with = self.closed_with or LOST
            self.close(error.code, error.reason)

    def send(self, message: Message) -> None:
        """Send one message, text or binary."""
        if isinstance(message, str):
            self._frame(_TEXT, message.encode("utf-8"))
        else:
            self._frame(_BINARY, message)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Send a close frame, unless one was sent before."""
        if not self._closing:
            self._closing = True
            self._frame(_CLOSE, struct.pack("!H", code) + reason.encode("utf-8")[:123])

    def _message(self) -> Message | None:
        """Return the next whole message; None if the client has closed the connection."""
        kind, parts, size = 0, [], 0
        while True:
            final, opcode, data = self._next_frame()
            if opcode == _CLOSE:
                self._closed(data)
                return None
            if opcode == _PING:
                self._frame(_PONG, data)
            if opcode >= _CLOSE:
                continue
            if (opcode == _CONTINUATION) is not bool(kind):
                raise BrokenRuleError(PROTOCOL_ERROR, "a frame arrived out of order")
            kind = kind or opcode
            size += len(data)
            if size > MOST_MESSAGE_BYTES:
                raise BrokenRuleError(TOO_BIG, "a message is too big")
            parts.append(data)
            if final:
                return _decoded(kind, b"".join(parts))

    def _next_frame(self) -> tuple[bool, int, bytes]:
        head = self._read(2)
        if len(head) < 2:
            return self._ended()
        opcode, masked, size = head[0] & 15, head[1] & 128, head[1] & 127
        if opcode not in (_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG) or head[0] & 112:
            raise BrokenRuleError(PROTOCOL_ERROR, "an unknown kind of frame")
        if not masked:
            raise BrokenRuleError(PROTOCOL_ERROR, "a client must mask its frames")
        if opcode >= _CLOSE and (size > 125 or not head[0] & 128):
            raise BrokenRuleError(
                PROTOCOL_ERROR, ("a control frame must be short and in one piece")
            )
        wide = {126: 2, 127: 8}.get(size, 0)
        rest = self._read(wide + 4)
        if len(rest) < wide + 4:
            return self._ended()
        if wide:
            size = int.from_bytes(rest[:wide], "big")
        if size > MOST_MESSAGE_BYTES:
            raise BrokenRuleError(TOO_BIG, "a message is too big")
        data = self._read(size)
        if len(data) < size:
            return self._ended()
        return bool(head[0] & 128), opcode, unmasked(data, rest[wide:])

    def _ended(self) -> tuple[bool, int, bytes]:
        self._closing = True  # the connection is lost
        self.closed_with = LOST
        return True, _CLOSE, b""

    def _closed(self, data: bytes) -> None:
        if self.closed_with:
            return
        self.closed_with = int.from_bytes(data[:2], "big") if len(data) >= 2 else _NO_CODE
        self.close(NORMAL if self.closed_with == _NO_CODE else self.closed_with)

    def _frame(self, opcode: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 128 | opcode, size)
        elif size < 65_536:
            head = struct.pack("!BBH", 128 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 128 | opcode, 127, size)
        self._write(head + data)


def unmasked(data: bytes, mask: bytes) -> bytes:
    """Return `data` with a client's mask applied. Applying the mask a second time removes the mask."""
    size = len(data)
    stretched = mask * (size // 4 + 1)
    whole = int.from_bytes(data, "big") ^ int.from_bytes(stretched[:size], "big")
    return whole.to_bytes(size, "big")


def _decoded(kind: int, data: bytes) -> Message:
    if kind == _BINARY:
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenRuleError(BAD_DATA, "a text is not UTF-8") from None
