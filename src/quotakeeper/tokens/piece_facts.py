"""Facts about the tokenizer that give an upper bound of a count, and words whose count is known.

The bound of a word is its number of characters, less a third for each adjacent pair that is a piece
of the vocabulary. A character that the tokenizer does not have counts its UTF-8 bytes. No count
exceeds this bound, for these reasons:
- Byte-pair encoding stops only when no two adjacent tokens join to a piece.
- The merges hold every split of every piece (scripts/make_pieces.py checks this).
- So of the three borders around and inside such a pair, at most two are token borders.
- The sum of these inequalities, each divided by three, counts no border more than once.
- So a word has at most (characters - pairs / 3) tokens.

No piece except "> </" crosses from one word into the next. No piece joins a letter to one of
`TAIL_MARKS` after it. So the counts of words add up, and a word of `words` has the count in the
file. The file data/README.md gives the file's layout and sources.
"""

from __future__ import annotations

import functools
import struct
import sys
import zlib
from array import array
from itertools import accumulate
from pathlib import Path
from typing import Final

from quotakeeper.value_classes import dataclass

MAGIC: Final = b"QKPIECE1"
HEADER: Final = struct.Struct("<8sIII")  # magic, multiplier of the hash, pairs, words
CODES: Final = 0x20000  # code points below it have their own cost; any above costs its 4 bytes
LONGEST_KNOWN: Final = 16  # the most characters of a word in `words`
TAIL_MARKS: Final = '.,;:!?)"\u201d\u00bb\u2026'

_PATH: Final = Path(__file__).parent / "data" / "pieces.bin"


@dataclass(frozen=True, slots=True)
class PieceFacts:
    """The content of the file.

    `costs`: the tokens of each code point alone. `joined`: pairs of characters that are a piece, as
    (first << 16 | second); no two of them have the same `place(pair, multiplier)`. `words`: word ->
    tokens of the word with one space before it.
    """

    costs: bytes
    joined: frozenset[int]
    words: dict[str, int]
    multiplier: int

    def thirds(self, previous: str, current: str) -> int:
        """Return the thirds of a token that `current` adds to the bound after `previous`."""
        before, code = ord(previous), ord(current)
        cost = self.costs[code] if code < CODES else 4
        joined = (before | code) < 0x10000 and (before << 16 | code) in self.joined
        return 3 * cost - joined


def place(pair: int, multiplier: int) -> int:
    """Return the index of a pair in a table of 65,536 entries."""
    return (pair * multiplier & 0xFFFFFFFF) >> 16


def pack(facts: PieceFacts) -> bytes:
    """Return the bytes of a file of facts."""
    ordered = sorted(facts.joined)
    steps = array(
        "I", (after - before for before, after in zip([0, *ordered], ordered, strict=False))
    )
    if sys.byteorder == "big":
        steps.byteswap()
    raw = steps.tobytes()
    planes = b"".join(raw[plane::4] for plane in range(4))
    words = sorted(facts.words)
    counts = bytes(facts.words[word] for word in words)
    body = facts.costs + planes + counts + b"\n" + "\n".join(words).encode()
    header = HEADER.pack(MAGIC, facts.multiplier, len(ordered), len(words))
    return header + zlib.compress(body, 9)


def unpack(data: bytes) -> PieceFacts:
    """Return the facts in the bytes of a file. Raises ValueError for any other bytes."""
    try:
        magic, multiplier, pairs, count = HEADER.unpack_from(data)
        body = zlib.decompress(data[HEADER.size :]) if magic == MAGIC else b""
    except (struct.error, zlib.error) as error:
        raise ValueError(f"not a file of piece facts: {error}") from error
    end = CODES + 4 * pairs
    if len(body) < end + count:
        raise ValueError("the file of piece facts has a wrong header or is cut short")
    raw = bytearray(4 * pairs)
    for plane in range(4):
        raw[plane::4] = body[CODES + plane * pairs : CODES + (plane + 1) * pairs]
    steps = array("I", bytes(raw))
    if sys.byteorder == "big":
        steps.byteswap()
    words = body[end + count + 1 :].decode().split("\n")
    counted = dict(zip(words, body[end : end + count], strict=True))
    return PieceFacts(body[:CODES], frozenset(accumulate(steps)), counted, multiplier)


@functools.cache
def load_facts(path: Path = _PATH) -> PieceFacts | None:
    """Return the facts, read once; None if their file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except (OSError, ValueError):
        return None
