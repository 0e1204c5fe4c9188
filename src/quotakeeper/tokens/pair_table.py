"""The fitted table of character pairs: how many tokens two adjacent characters add.

A word has 1 token plus the sum of its pair weights. The first pair is (gap before the word, first
character). A weight is about the probability that a token starts between the two characters.

The script scripts/fit_tokens.py fits the table. The file data/README.md describes the table's file
and its sources.
"""

from __future__ import annotations

import functools
import struct
from pathlib import Path
from typing import Final

from quotakeeper.value_classes import dataclass

MAGIC: Final = b"QKPAIRS1"
SLOTS: Final = 32768  # one signed byte each
BLOCKS: Final = 1024  # blocks of 128 code points; the last one is for everything above U+1FFFF
SCALE: Final = 64.0  # stored byte = weight * SCALE
BYTE_RULE: Final = 127  # marks a block whose characters the tokenizer spells as UTF-8 bytes
SPACE: Final = " "  # the gap before a word that has a space before it
BREAK: Final = "\n"  # the gap before a word at the start of a text or a line

_LAST_BLOCK: Final = (BLOCKS - 1) << 7
_HEADER: Final = struct.Struct("<8sII")
_PATH: Final = Path(__file__).parent / "data" / "pairs.bin"
_DIGITS: Final = frozenset("0123456789")


def slot(previous: int, current: int) -> int:
    """Return the table slot for a pair of code points: a hash of the pair."""
    mixed = (previous * 0x9E3779B1 + current * 0x85EBCA77) & 0xFFFFFFFF
    mixed ^= mixed >> 15
    mixed = (mixed * 0x2C1B3C6D) & 0xFFFFFFFF
    mixed ^= mixed >> 12
    return mixed & (SLOTS - 1)


def utf8_length(code_point: int) -> int:
    """Return the number of UTF-8 bytes of a code point (3 for a lone surrogate)."""
    if code_point < 0x80:
        return 1
    if code_point < 0x800:
        return 2
    return 3 if code_point < 0x10000 else 4


@dataclass(frozen=True, slots=True)
class PairTable:
    """The weights of character pairs.

    `right` and `left` hold the weights of blocks of 128 characters. The weights of both blocks are
    added to the pair's own weight.
    """

    pairs: memoryview  # signed bytes, like the other two
    right: memoryview
    left: memoryview

    def weight(self, previous: str, current: str) -> float:
        """Return how many tokens `current` adds if it follows `previous`, such as 0.3.

        1.0 means that a new token certainly starts with `current`.
        """
        if current in _DIGITS:  # each ASCII digit is always one token
            return 0.0 if previous == BREAK else 1.0
        code = ord(current)
        right = self.right[code >> 7 if code < _LAST_BLOCK else BLOCKS - 1]
        if right == BYTE_RULE:
            return float(utf8_length(code) - (previous == BREAK))
        if previous in _DIGITS:
            return 1.0
        before = ord(previous)
        left = self.left[before >> 7 if before < _LAST_BLOCK else BLOCKS - 1]
        return (self.pairs[slot(before, code)] + right + left) / SCALE


def pack(pairs: bytes, right: bytes, left: bytes) -> bytes:
    """Return the content of a table file."""
    return _HEADER.pack(MAGIC, SLOTS, BLOCKS) + pairs + right + left


def unpack(data: bytes) -> PairTable:
    """Return the table in the content of a table file. Raises ValueError for other content."""
    if len(data) != _HEADER.size + SLOTS + 2 * BLOCKS:
        raise ValueError(f"pair table has {len(data)} bytes")
    if _HEADER.unpack_from(data) != (MAGIC, SLOTS, BLOCKS):
        raise ValueError("the pair table's header is wrong")
    body = memoryview(data)[_HEADER.size :].cast("b")
    return PairTable(body[:SLOTS], body[SLOTS : SLOTS + BLOCKS], body[SLOTS + BLOCKS :])


@functools.cache
def load_table(path: Path = _PATH) -> PairTable | None:
    """Return the fitted table, which is read once; None if its file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except (OSError, ValueError):
        return None
