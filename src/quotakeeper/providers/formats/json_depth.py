"""Finds the nesting depth of JSON text and the end of a string, without a Python step per byte."""

from __future__ import annotations

from typing import NamedTuple

_OTHERS = bytes(set(range(256)) - set(b"{}[]"))
_MOST_ROUNDS = 16  # levels that are removed by C code; the rest is read in Python


class Skimmed(NamedTuple):
    """How a chunk of JSON changes the nesting depth. Depths are relative to the chunk's beginning.

    - `lowest`: the lowest depth in the chunk.
    - `change`: the depth at the end of the chunk.
    - `quoted`: True if the chunk ends inside a string.
    - `escaped`: True if the chunk ends with a backslash in a string.
    """

    lowest: int
    change: int
    quoted: bool
    escaped: bool


def skim(data: bytes, *, quoted: bool, escaped: bool) -> Skimmed:
    """Return how a chunk of JSON changes the nesting depth.

    `quoted` is True if the chunk begins inside a string. `escaped` is True if the chunk begins just
    after a backslash.
    """
    text = data[1:] if escaped else data
    parts = text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
    outside = b"".join(parts[1 if quoted else 0 :: 2])
    ends_quoted = quoted if len(parts) % 2 else not quoted
    lowest, change = _depths(outside.translate(None, _OTHERS))
    return Skimmed(lowest, change, ends_quoted, ends_quoted and parts[-1].endswith(b"\\"))


def end_of_text(data: bytes, at: int) -> tuple[int, bool, bool]:
    """Return (position after the string, whether the string continues, whether a backslash is
    last).

    `at` is a position inside the string.
    """
    quote = data.find(b'"', at)
    while True:
        end = quote if quote >= 0 else len(data)
        escape = data.find(b"\\", at, end)
        if escape < 0:
            return min(end + 1, len(data)), quote < 0, False
        at = escape + 2
        if at > len(data):
            return len(data), True, True
        if at > quote >= 0:
            quote = data.find(b'"', at)


def _depths(brackets: bytes) -> tuple[int, int]:
    for _ in range(_MOST_ROUNDS):
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    depth = lowest = 0
    for bracket in brackets:
        depth += 1 if bracket in b"{[" else -1
        lowest = min(lowest, depth)
    return lowest, depth
