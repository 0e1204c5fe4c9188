"""Facts about the tokenizer: data for an upper bound, and words whose token count is known.

A "piece" is an entry of the tokenizer's vocabulary. The bound of a word is its number of
characters, minus a third for each two adjacent characters that form a piece. A character that is no
piece counts its UTF-8 bytes. The proof that no word has more tokens than its bound:
- The merge list contains every way to split a piece into two pieces (scripts/make_pieces.py checks
  this). So the tokenizer merges two adjacent tokens that form a piece.
- Take two adjacent characters that form a piece. There are three places: before, between and after
  the two characters.
- If all three places were token borders, each character would be a token, and the tokenizer would
  have merged the two tokens. So at least one place is not a border.
- Each place belongs to at most three pairs of characters. So a word has at least pairs / 3 places
  that are not borders, and at most (characters - pairs / 3) tokens.

No piece except "> </" crosses from one word into the next. No piece joins a letter to one of
`TAIL_MARKS` after the letter. So the counts of words can be added, and each entry of `words` has
its exact count. The file data/README.md describes the layout and the sources.
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
    """The content of the file with the tokenizer's facts.

    - `costs`: for each code point, the tokens that it has alone.
    - `joined`: pairs of characters that are a piece, as (first << 16 | second). No two of these
      pairs have the same `place(pair, multiplier)`.
    - `words`: word -> tokens of the word with one space before it.
    """

    costs: bytes
    joined: frozenset[int]
    words: dict[str, int]
    multiplier: int

    def thirds(self, previous: str, current: str) -> int:
        """Return what `current` adds to the upper bound after `previous`, in thirds of a token."""
        before, code = ord(previous), ord(current)
        cost = self.costs[code] if code < CODES else 4
        joined = (before | code) < 0x10000 and (before << 16 | code) in self.joined
        return 3 * cost - joined


def place(pair: int, multiplier: int) -> int:
    """Return the index of a pair in a hash table of 65,536 entries."""
    return (pair * multiplier & 0xFFFFFFFF) >> 16


def pack(facts: PieceFacts) -> bytes:
    """Return the content of a file of facts."""
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
    """Return the facts in the content of a file. Raises ValueError for other content."""
    try:
        magic, multiplier, pairs, count = HEADER.unpack_from(data)
        body = zlib.decompress(data[HEADER.size :]) if magic == MAGIC else b""
    except (struct.error, zlib.error) as error:
        raise ValueError(f"not a file of tokenizer data (pieces.bin): {error}") from error
    end = CODES + 4 * pairs
    if len(body) < end + count:
        raise ValueError(
            "the file of tokenizer data (pieces.bin) has a wrong header or is cut short"
        )
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
    """Return the facts, which are read once; None if their file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except (OSError, ValueError):
        return None
