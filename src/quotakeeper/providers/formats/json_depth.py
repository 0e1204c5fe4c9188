"""How deep a piece of JSON text goes, found without a step for each of its strings and brackets."""

from __future__ import annotations

from typing import NamedTuple

_OTHERS = bytes(set(range(256)) - set(b"{}[]"))
_MOST_ROUNDS = 16  # levels of pairs that are taken out in C; what is left is walked through


class Skimmed(NamedTuple):
    """What a piece changes. `lowest` and `change` are levels relative to where it begins."""

    lowest: int
    change: int
    quoted: bool
    escaped: bool


def skim(data: bytes, *, quoted: bool, escaped: bool) -> Skimmed:
    """Look through a piece that begins inside a string (`quoted`) or just after a backslash."""
    text = data[1:] if escaped else data
    parts = text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
    outside = b"".join(parts[1 if quoted else 0 :: 2])
    ends_quoted = quoted if len(parts) % 2 else not quoted
    lowest, change = _depths(outside.translate(None, _OTHERS))
    return Skimmed(lowest, change, ends_quoted, ends_quoted and parts[-1].endswith(b"\\"))


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
