"""The sandbox's WebSocket server follows RFC 6455, tested on bytes."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.sandbox.websocket import (
    BAD_DATA,
    LOST,
    PROTOCOL_ERROR,
    TOO_BIG,
    Message,
    WebSocket,
    accept,
    unmasked,
    wants_websocket,
)

MASK = b"\x01\x80\x7f\xff"


def frame(opcode: int, data: bytes = b"", *, final: bool = True, masked: bool = True) -> bytes:
    size = len(data)
    length = size if size < 126 else 126 if size < 65_536 else 127
    head = bytes([(128 if final else 0) | opcode, (128 if masked else 0) | length])
    head += struct.pack("!H" if length == 126 else "!Q", size) if length > 125 else b""
    return head + (MASK + unmasked(data, MASK) if masked else data)


def read(data: bytes) -> tuple[list[Message], bytes, int]:
    """The messages, the replies, and the close code of the client."""
    answered = io.BytesIO()
    socket = WebSocket(io.BytesIO(data).read, answered.write)
    return list(socket.messages()), answered.getvalue(), socket.closed_with


def close_code(answered: bytes) -> int:
    assert answered[0] == 0x88
    return int.from_bytes(answered[2:4], "big")


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.binary(max_size=125))
def test_fragments_with_pings_between_them_are_one_message(
    pieces: list[bytes], ping: bytes
) -> None:
    data = b""
    for number, piece in enumerate(pieces):
        data += frame(0 if number else 2, piece, final=number == len(pieces) - 1)
        data += frame(9, ping)
    messages, answered, closed = read(data + frame(8, struct.pack("!H", 1000)))
    assert messages == [b"".join(pieces)]
    assert answered == (b"\x8a" + bytes([len(ping)]) + ping) * len(pieces) + b"\x88\x02\x03\xe8"
    assert closed == 1000


@given(st.text(max_size=200), st.binary(min_size=126, max_size=400))
def test_text_messages_and_long_messages_are_read(text: str, data: bytes) -> None:
    messages, _, closed = read(frame(1, text.encode()) + frame(10) + frame(2, data))
    assert (messages, closed) == ([text, data], LOST)


@given(st.binary(max_size=200))
def test_random_bytes_end_the_session_without_an_error(data: bytes) -> None:
    read(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(2, b"x", masked=False), PROTOCOL_ERROR),
        (frame(3, b"x"), PROTOCOL_ERROR),
        (frame(0, b"x"), PROTOCOL_ERROR),
        (frame(1, b"x", final=False) + frame(1, b"y"), PROTOCOL_ERROR),
        (frame(9, bytes(126)), PROTOCOL_ERROR),
        (frame(9, final=False), PROTOCOL_ERROR),
        (bytes([0xC2, 0x80]) + MASK, PROTOCOL_ERROR),
        (frame(1, b"\xff\xfe"), BAD_DATA),
        (bytes([0x82, 0xFF]) + struct.pack("!Q", 1 << 40) + MASK, TOO_BIG),
    ],
)
def test_a_protocol_error_closes_with_its_code(data: bytes, code: int) -> None:
    messages, answered, _ = read(data)
    assert (messages, close_code(answered)) == ([], code)


def test_long_messages_use_the_required_length_form() -> None:
    out = io.BytesIO()
    socket = WebSocket(io.BytesIO().read, out.write)
    for size in (125, 126, 65_535, 65_536):
        socket.send(bytes(size))
    socket.close(1000, "é" * 100)
    socket.close()
    sent = out.getvalue()
    assert sent[:2] == b"\x82\x7d"
    assert sent[127:131] == b"\x82\x7e\x00\x7e"
    assert sent[-127:-125] == b"\x88\x7d"
    assert socket.is_closing


def test_handshakes_are_accepted_or_refused() -> None:
    headers = {
        "connection": "keep-alive, Upgrade",
        "upgrade": "WebSocket",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
    }
    assert wants_websocket(headers)
    assert not wants_websocket({"connection": "close"})
    accepted = accept(headers, protocol="token")
    assert accepted is not None
    assert dict(accepted)["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455
    assert dict(accepted)["Sec-WebSocket-Protocol"] == "token"
    assert accept(headers | {"sec-websocket-version": "8"}) is None
    assert accept(headers | {"sec-websocket-key": "short"}) is None
