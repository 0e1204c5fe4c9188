"""How many pages a PDF has at most, told from its bytes."""

from __future__ import annotations

import re
import zlib

MOST_PAGES = 1_000  # that Gemini takes in one document
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+([0-9]{1,6})")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_END = b"endstream"
_MOST_UNPACKED = 8 * 1024 * 1024
_MOST_STREAMS = 2_000
# A page object that is packed with others that are like it takes a few bytes at least.
_LEAST_PAGE_BYTES = 32


def page_count(data: bytes) -> int | None:
    """Pages of a PDF, or None when its bytes do not tell.

    Page objects lie open, or packed in object streams since PDF 1.5. All of these are unpacked, to
    8 MiB at most; one that is encrypted or of another compression hides its pages, so that the open
    ones are too few. The tree's own counts are read too: one page object may stand in it many times.
    """
    if not data.startswith(b"%PDF") and b"%PDF" not in data[:1024]:
        return None
    found = _pages_in(data)
    unpacked = 0
    for number, match in enumerate(_PACKED.finditer(data)):
        begin = _STREAM.search(data, match.end(), match.end() + 1024)
        if begin is None or number >= _MOST_STREAMS:
            return None
        plain = _inflated(data, begin.end(), _MOST_UNPACKED - unpacked)
        if plain is None:
            return None
        unpacked += len(plain)
        listed, counted = _pages_in(plain)
        found = (found[0] + listed, max(found[1], counted))
    return max(found) or None


def most_pages(data: bytes, size: int) -> int:
    """Pages of a PDF, at most: those that it tells, else those that its size has room for."""
    told = page_count(data)
    return min(told or max(1, size // _LEAST_PAGE_BYTES), MOST_PAGES)


def _pages_in(data: bytes) -> tuple[int, int]:
    """(page objects, the largest count of the page tree)."""
    counts = (int(match) for match in _COUNT.findall(data))
    return len(_PAGE.findall(data)), max(counts, default=0)


def _inflated(data: bytes, start: int, room: int) -> bytes | None:
    """A stream unpacked; None where that fails, or takes more than `room` bytes."""
    end = data.find(_END, start)
    packed = data[start : end if end >= 0 else len(data)]
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(packed, max(1, room))
    except zlib.error:
        return None
    return plain if inflate.eof else None
