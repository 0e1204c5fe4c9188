"""Finds the position of each box in an MP4 or MOV file."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.providers.audio.byte_view import ByteView, MissingBytes
from quotakeeper.value_classes import dataclass

_UNKNOWN = (2**32 - 1, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, and the positions where its content begins and ends."""

    name: bytes
    start: int
    end: int


def boxes(view: ByteView, start: int, end: int, *, outer: bool = False) -> Iterator[Box]:
    """Yield the boxes between two positions of a file; stop at a damaged box.

    Raises MissingBytes if the boxes continue in unknown bytes. With `outer`, the function stops
    there instead, because the outermost boxes need not all be known.
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
    """Return (time units per second, length in these units) from an mvhd or mdhd box."""
    if view.number(box.start, 1) == 1:
        scale, length = view.number(box.start + 20, 4), view.number(box.start + 24, 8)
    else:
        scale, length = view.number(box.start + 12, 4), view.number(box.start + 16, 4)
    return scale, known(length)


def known(length: int) -> int:
    """Return `length`; 0 if `length` is one of the values that mean "unknown"."""
    return 0 if length in _UNKNOWN else length
