"""Finds where each box of an MP4 or MOV file begins and ends."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.providers.audio.byte_view import ByteView, MissingBytes
from quotakeeper.value_classes import dataclass

_UNKNOWN = (2**32 - 1, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, and where its content begins and ends."""

    name: bytes
    start: int
    end: int


def boxes(view: ByteView, start: int, end: int, *, outer: bool = False) -> Iterator[Box]:
    """Yield the boxes in a part of a file; a damaged box ends them.

    Raises MissingBytes if the boxes go on in unknown bytes, except for `outer` boxes, of which a
    part is enough.
    """
    at = start
    while at + 8 <= end:
        view.step()
        if not view.has(at, 8):
            if outer:
                return
            raise MissingBytes
        size, name, header = view.number(at, 4), view.take(at + 4, 4), 8
        if size == 1:
            if outer and not view.has(at + 8, 8):
                return
            size, header = view.number(at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < header:
            return
        yield Box(name, at + header, min(at + size, end))
        at += size


def clock(view: ByteView, box: Box) -> tuple[int, int]:
    """Return (units per second, units) of an mvhd or mdhd."""
    if view.number(box.start, 1) == 1:
        scale, length = view.number(box.start + 20, 4), view.number(box.start + 24, 8)
    else:
        scale, length = view.number(box.start + 12, 4), view.number(box.start + 16, 4)
    return scale, known(length)


def known(length: int) -> int:
    """Return a length; 0 for the values that mean "unknown"."""
    return 0 if length in _UNKNOWN else length
