"""Mutated heads against a second parser: what the guard accepts, h11 accepts and reads the same.

`QUOTAKEEPER_MUTATED_HEADS=1000000` runs the long form.
"""

from __future__ import annotations

import os
import random

import h11

from quotakeeper.http_server.chunks import ChunkDecoder
from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.heads import parse_head, written_out
from tests.http_server.hostile import HOSTILE, VALID

SEED = 20_261_130
COUNT = int(os.environ.get("QUOTAKEEPER_MUTATED_HEADS", "20000"))
_PIECES = (
    b"\r\n", b"\n", b"\r", b"\x00", b"\t", b" ", b":", b"\r\n ", b"chunked", b"Transfer-Encoding: ",
    b"Content-Length: 5\r\n", b"Host: a\r\n", b"\x80", b"\xff", b"%2e", b"..", b"//", b"#", b"\\",
    b"HTTP/1.0", b"Connection: close\r\n", b"Upgrade: websocket\r\n", b"_", b",", b";", b"0", b"+",
)  # fmt: skip

_OF_FRAMING = ("connection", "content-length", "transfer-encoding", "upgrade")


def _mutated(head: bytes, chance: random.Random) -> bytes:
    data = bytearray(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data))
        act = chance.randrange(4)
        if act == 0:
            data[at : at + chance.randint(1, 4)] = b""
        elif act == 1:
            data[at:at] = chance.choice(_PIECES)
        elif act == 2:
            data[at] = chance.randrange(256)
        else:
            data[at:at] = data[at : at + chance.randint(1, 40)]
        if not data:
            data = bytearray(b"\r\n\r\n")
    return bytes(data)


def _second_reading(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
    connection.receive_data(head)
    event = connection.next_event()
    assert isinstance(event, h11.Request), event
    names = [(name.decode(), value.decode()) for name, value in event.headers]
    return event.method.decode(), event.target.decode(), names


def test_what_is_accepted_is_read_the_same_by_another_parser() -> None:
    """Each accepted head is written out again, and h11 reads the written one as the guard did."""
    print(f"seed {SEED}, {COUNT} heads")
    chance = random.Random(SEED)
    sources = [data for data in (*HOSTILE.values(), *VALID.values()) if len(data) < 4_096]
    accepted = 0
    for _ in range(COUNT):
        data = _mutated(chance.choice(sources), chance)
        end = data.find(b"\r\n\r\n") + 4
        try:
            head = parse_head(data[:end])
        except RequestRefusedError:
            continue
        accepted += 1
        written = written_out(head)
        for each in (data[:end], written):
            method, target, headers = _second_reading(each)
            path, _, query = target.partition("?")
            assert (method, f"{path}?{query}" if query else path) == (head.method, head.target)
            found = {name for name, _ in headers}
            assert not {"transfer-encoding", "content-length"} <= found, data
            assert [v for n, v in headers if n == "host"] == head.values("host"), data
        mine = [(n.lower(), v) for n, v in head.headers if n.lower() not in _OF_FRAMING]
        assert mine == [(n, v) for n, v in headers if n not in _OF_FRAMING], data
    assert accepted > COUNT // 20


def test_a_mutated_body_in_chunks_never_gives_more_than_it_has() -> None:
    """Whatever arrives, the decoder stops or refuses; it never raises another error."""
    chance = random.Random(SEED)
    whole = b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n"
    done = refused = 0
    for _ in range(COUNT // 4):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        decoder, body = ChunkDecoder(), b""
        try:
            for at in range(0, len(data), 7):
                body += decoder.feed(bytes(data[at : at + 7]))
                if decoder.is_done:
                    done += 1
                    break
        except RequestRefusedError:
            refused += 1
        assert len(body) <= len(data)
    assert done > 100 and refused > 100
