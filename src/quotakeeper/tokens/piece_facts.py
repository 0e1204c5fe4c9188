"""Facts about the tokenizer that bound a count from above, and words whose count is known.

The bound of a word is its characters (one the tokenizer does not have: its UTF-8 bytes) less a
third for each adjacent pair of characters that is a piece of the vocabulary. Why no count passes
it: byte-pair encoding stops only when no two adjacent tokens join to a piece, and the merges hold
every split of every piece (checked by scripts/make_pieces.py). So of the three borders around and
inside such a pair at most two are token borders. Adding these inequalities up, each taken a third,
covers no border more than once, which leaves (characters - pairs / 3) tokens at most.

No piece but "> </" reaches from one word into the next, and none joins a letter to one of
`TAIL_MARKS` behind it. So words add up, and a word of `words` counts what is noted there.
Layout and sources of the file: data/README.md.
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
CODES: Final = 0x20000  # code points with a cost of their own; any above costs its 4 bytes
LONGEST_KNOWN: Final = 16  # characters of a word in `words`
TAIL_MARKS: Final = '.,;:!?)"\u201d\u00bb\u2026'

_PATH: Final = Path(__file__).parent / "data" / "pieces.bin"


@dataclass(frozen=True, slots=True)
class PieceFacts:
    """What the file holds.

    `costs`: tokens of each code point that stands alone. `joined`: pairs of characters that are a
    piece, as (first << 16 | second); no two of them share `place(pair, multiplier)`. `words`: word
    -> tokens of the word with one space before it.
    """

    costs: bytes
    joined: frozenset[int]
    words: dict[str, int]
    multiplier: int

    def thirds(self, previous: str, current: str) -> int:
        """Return thirds of a token that `current` adds to the bound after `previous`."""
        before, code = ord(previous), ord(current)
        cost = self.costs[code] if code < CODES else 4
        joined = (before | code) < 0x10000 and (before << 16 | code) in self.joined
        return 3 * cost - joined


def place(pair: int, multiplier: int) -> int:
    """Return where a pair lies in a table of 65,536."""
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
    """Return the facts in the bytes of a file; raises ValueError on any other bytes."""
    try:
        magic, multiplier, pairs, count = HEADER.unpack_from(data)
        body = zlib.decompress(data[HEADER.size :]) if magic == MAGIC else b""
    except (struct.error, zlib.error) as error:
        raise ValueError(f"no file of piece facts: {error}") from error
    end = CODES + 4 * pairs
    if len(body) < end + count:
        raise ValueError("piece facts have a foreign header or are cut short")
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
    """Return the facts, read once; None when their file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except (OSError, ValueError):
        return None
