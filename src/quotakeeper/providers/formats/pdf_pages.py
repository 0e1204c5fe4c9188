"""Estimates the largest number of pages that a PDF can have, from its bytes."""

from __future__ import annotations

import re
import zlib

MOST_PAGES = 1_000  # the most that Gemini accepts in one document
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_COUNT = re.compile(rb"/Count\s+([0-9]{1,6})")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_END = b"endstream"
_MOST_UNPACKED = 8 * 1024 * 1024
_MOST_STREAMS = 2_000
# A compressed page object takes at least this many bytes, even among many similar ones.
_LEAST_PAGE_BYTES = 32


def page_count(data: bytes) -> int | None:
    """Return the number of pages that a PDF states; None if the number cannot be read.

    Reads page objects that are plain or compressed (object streams, since PDF 1.5). Up to 8 MiB of
    streams are decompressed. If a stream is encrypted or uses another compression, the result is
    None. The counts in the page tree are read too, because the tree may use one page object many
    times.
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
    """Return an upper bound for the pages of a PDF, at most MOST_PAGES.

    The bound is the page count. If the count is unknown, the bound is the most pages that `size`
    bytes can hold.
    """
    told = page_count(data)
    return min(told or max(1, size // _LEAST_PAGE_BYTES), MOST_PAGES)


def _pages_in(data: bytes) -> tuple[int, int]:
    """Return (the number of page objects, the largest count in the page tree)."""
    counts = (int(match) for match in _COUNT.findall(data))
    return len(_PAGE.findall(data)), max(counts, default=0)


def _inflated(data: bytes, start: int, room: int) -> bytes | None:
    """Return a stream decompressed; None if it is damaged or has more than `room` bytes."""
    end = data.find(_END, start)
    packed = data[start : end if end >= 0 else len(data)]
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(packed, max(1, room))
    except zlib.error:
        return None
    return plain if inflate.eof else None
