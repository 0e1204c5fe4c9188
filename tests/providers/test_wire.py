"""Parsing of bytes: JSON in any pieces, events by the specification, forms, counts."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tracemalloc
import zlib
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.providers.formats.base64_text import base64_size
from quotakeeper.providers.formats.encodings import MOST_RATIO, Decoder, decode_all
from quotakeeper.providers.formats.framing import Document, EventSplitter, Framing
from quotakeeper.providers.formats.json_values import (
    first_object,
    last_object,
    milliseconds,
    parse_json,
    whole,
)
from quotakeeper.providers.formats.multipart import form_parts
from quotakeeper.providers.formats.text_counts import rough_count

TEXTS = st.text(st.sampled_from('a"\\{}[],:\n é\u2028'), max_size=12)
ANYTHING = st.recursive(
    st.one_of(TEXTS, st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(TEXTS, ANYTHING, min_size=1, max_size=3), min_size=1, max_size=3)


def documents(data: bytes, step: int) -> list[Document]:
    found: list[Document] = []
    framing = Framing(found.append)
    for start in range(0, len(data), step):
        framing.feed(data[start : start + step])
    framing.close()
    return found


@given(objects=OBJECTS, step=st.integers(1, 40), plain=st.booleans())
def test_an_array_or_lines_of_json_are_cut_into_their_objects(
    objects: list[dict[str, object]], step: int, plain: bool
) -> None:
    texts = [json.dumps(o, ensure_ascii=plain) for o in objects]
    for data, streamed in ((f"[{', '.join(texts)}]", True), ("\n".join(texts), False)):
        found = documents(data.encode(), step)
        assert [json.loads(d.data) for d in found] == objects
        assert all(d.whole and d.streamed is streamed for d in found)


@given(objects=OBJECTS, step=st.integers(1, 40), plain=st.booleans(), listed=st.booleans())
def test_an_object_in_pieces_ends_at_the_same_byte(
    objects: list[dict[str, object]], step: int, plain: bool, listed: bool
) -> None:
    text = ",".join(json.dumps({"all": objects}, ensure_ascii=plain) for _ in range(3))
    data = (f"[{text}]" if listed else text.replace("},", "}\n")).encode()
    with mock.patch("quotakeeper.providers.formats.framing._PIECE", 4):
        skimmed = documents(data, step)
    assert skimmed == documents(data, step)


def test_a_json_value_too_large_to_keep_gives_its_start_and_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quotakeeper.providers.formats.framing.MOST_HELD", 100)
    monkeypatch.setattr("quotakeeper.providers.formats.framing.TAIL", 20)
    data = b'{"first": 1, "words": [' + b"{}, " * 200 + b'{}], "last": 2}'
    for step in (7, len(data)):
        found = documents(data + b'\n{"a": 1}', step)
        assert found[0] == Document(data[-20:], whole=False, streamed=False, head=data[:20])
        assert found[1] == Document(b'{"a": 1}', streamed=False)
    assert documents(data[:60], 7) == [
        Document(data[40:60], whole=False, streamed=False, head=data[:20])
    ]
    assert documents(data[:15], 7) == [Document(data[:15], whole=False, streamed=False)]


@given(
    lines=st.lists(
        st.text(st.characters(exclude_characters="\r\n"), max_size=20), min_size=1, max_size=4
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    step=st.integers(1, 30),
)
def test_events_are_read_by_the_specification(lines: list[str], end: str, step: int) -> None:
    event = "".join(f"data: {line}{end}" for line in lines)
    data = f"\ufeff: comment{end}{end}event: e{end}{event}{end}id: 7{end}retry: 1{end}{end}"
    found = documents(data.encode("utf-8", "surrogatepass"), step)
    wanted = "\n".join(lines).encode("utf-8", "surrogatepass")
    assert [d.data for d in found] == ([wanted] if wanted else [])
    assert all(d.event == "e" for d in found)


@given(
    parts=st.lists(
        st.sampled_from(["\n", "\r", "\r\n", "\n\n\n", "\r\n" * 4, "\r\r\r", "data", "data:",
                         "data: x", "event: e", ":", "é"]), max_size=30,
    ),
    step=st.integers(1, 30), piece=st.integers(1, 9),
)  # fmt: skip
def test_several_blank_lines_mean_the_same_as_one(parts: list[str], step: int, piece: int) -> None:
    text = "data: first\n\n" + "".join(parts) + "\n\n"
    wanted = []
    data, event = None, ""
    for line in re.split("\r\n|\r|\n", text):  # by the specification, line by line
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                wanted.append((data, event))
            data, event = None, ""
        elif name == "data":
            data = value if data is None else f"{data}\n{value}"
        elif name == "event":
            event = value
    with mock.patch("quotakeeper.providers.formats.framing._PIECE", piece):
        found = documents(text.encode(), step)
    assert [(each.data.decode(), each.event) for each in found] == wanted


def test_many_short_lines_take_no_more_memory_than_their_bytes() -> None:
    found: list[Document] = []
    splitter = EventSplitter(found.append)
    lines = b"data:ab\n" * 8_000
    tracemalloc.start()
    try:
        for _ in range(50):
            splitter.feed(lines)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 4_000_000  # 400,000 lines, of which 1.2 MB are kept
    splitter.close()
    assert found[0].data == b"\n".join([b"ab"] * 400_000)


def test_an_event_without_its_last_blank_line_is_returned() -> None:
    assert documents(b"data: {}\n\ndata: [1]", 3) == [Document(b"{}"), Document(b"[1]")]


def test_a_line_too_long_to_keep_gives_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quotakeeper.providers.formats.framing.MOST_HELD", 100)
    monkeypatch.setattr("quotakeeper.providers.formats.framing.TAIL", 20)
    found: list[Document] = []
    splitter = EventSplitter(found.append)
    splitter.feed(b"data: " + b"x" * 500 + b"END\n")
    splitter.feed(b"data: " + b"y" * 60 + b"\ndata: " + b"z" * 60 + b"LAST\n\ndata: ok\n\n")
    assert found[0].data.endswith(b"zLAST")
    assert (len(found[0].data), found[0].whole) == (20, False)
    assert found[1] == Document(b"ok")


@given(data=st.binary(max_size=2_000), step=st.integers(1, 200))
def test_every_encoding_is_decoded_in_any_pieces(data: bytes, step: int) -> None:
    data = b"\0" + data  # text-like bytes count as already decoded
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": [gzip.compress(data), gzip.compress(data[:5]) + gzip.compress(data[5:])],
        "x-gzip": [gzip.compress(data) + b"\0" * 9],
        "deflate": [zlib.compress(data), raw.compress(data) + raw.flush()],
        "identity": [data],
        "": [data],
    }
    for encoding, bodies in packed.items():
        for body in bodies:
            decoder = Decoder(encoding)
            pieces = (body[i : i + step] for i in range(0, len(body), step))
            assert b"".join(decoder.feed(piece) for piece in pieces) == data
            assert not decoder.opaque


def test_the_first_or_the_last_complete_object_of_a_name_is_found() -> None:
    data = b'{"m": 3, "m": {"a": 1}, "m": {"a": 2}, "m": {"a": '
    assert (first_object(data, "m"), last_object(data, "m")) == ({"a": 1}, {"a": 2})
    assert first_object(data, "n") == {}


def test_data_that_cannot_be_decoded_is_marked() -> None:
    assert decode_all(b"\x8b\x02abc", "br") is None
    assert decode_all(b"\x8b\x02abc", "gzip, br") is None
    assert decode_all(gzip.compress(b"abc" * 100)[:20] + b"\xff" * 50, "gzip") is None
    assert decode_all(b"\0" * 50 + b"x", "deflate") is None


def test_data_that_unpacks_to_too_much_is_marked_at_any_ratio() -> None:
    text = b"[" + hashlib.shake_256(b"seed 1").digest(1_000_000).hex().encode() + b"]"
    for packed, encoding in ((gzip.compress(text), "gzip"), (zlib.compress(text), "deflate")):
        assert len(packed) * MOST_RATIO > len(text)  # the ratio alone would allow it
        whole, capped = Decoder(encoding), Decoder(encoding, most=100_000)
        assert whole.feed(packed) == text
        assert not whole.opaque
        given = capped.feed(packed)
        assert capped.opaque
        assert text.startswith(given)
        assert 100_000 < len(given) <= 100_000 + 64 * 1024
        assert capped.feed(packed) == b""


def test_forms_are_parsed_and_cut_forms_do_not_raise() -> None:
    kind = "multipart/form-data; boundary=xyz"
    body = (b"preamble\r\n--xyz\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper-1\r\n"
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\0\r\n--\r\n'
        b"--xyz\r\nno header\r\n--xyz--\r\nafter")  # fmt: skip
    found = list(form_parts(kind, body))
    assert [(p.name, p.filename, p.data) for p in found] == [
        ("model", False, b"whisper-1"), ("file", True, b"\0\r\n--"),
    ]  # fmt: skip
    for end in range(len(body)):
        assert len(list(form_parts(kind, body[:end]))) <= 2
    assert list(form_parts("application/json", body)) == []
    assert list(form_parts("multipart/form-data", body)) == []


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), (5.0, 5), ("5", 5), (5.5, None), (-1, None), (True, None), (None, None), ("x", None),
     (10**13, None), (float("nan"), None), (float("inf"), None), ([], None)],
)  # fmt: skip
def test_counts_are_whole_and_within_bounds(value: object, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("seconds", "length"),
    [(17.566313, 17_566), (0.0005, 0), (0.0015, 2), (1, 1_000), (-1.0, None), (float("nan"), None),
     (float("inf"), None), (True, None), ("1", None), (1e300, None), (10**30, None)],
)  # fmt: skip
def test_seconds_become_milliseconds_half_to_even(seconds: object, length: int | None) -> None:
    assert milliseconds(seconds) == length


def test_impossible_json_gives_nothing() -> None:
    for text in ("", "{", "[" * 100_000, "9" * 5_000, '{"a":' * 50_000):
        assert parse_json(text) is None


def test_the_last_object_of_a_name_is_found_in_the_end_of_a_text() -> None:
    tail = b'..."usage": {"a": 1}, "note": "usage", "usage" : {"a": {"b": 2}}, "id": "x"'
    assert last_object(tail, "usage") == {"a": {"b": 2}}
    assert last_object(b'"usage": {"a": 1', "usage") == {}
    assert last_object(b'"usage": 5, "x": {}', "usage") == {}


@given(data=st.binary(max_size=50))
def test_the_size_of_base64_is_computed_without_decoding(data: bytes) -> None:
    import base64

    assert base64_size(base64.b64encode(data).decode()) == len(data)


@given(text=st.text(max_size=200))
def test_a_rough_count_is_between_zero_and_the_bytes(text: str) -> None:
    counted = rough_count(text)
    assert counted.tokens <= counted.upper_bound
    assert (counted.tokens > 0) == bool(text)
