"""The same sum as counting.py with numpy, for long texts in programs that already loaded numpy.

numpy is never imported from here (it costs 0.1 s): the caller hands in the module it found.
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import Any, Final

from quotakeeper.tokens.pair_sums import ODD_GAP, end_tokens, gap_tokens
from quotakeeper.tokens.pair_table import BLOCKS, BYTE_RULE, SCALE, SLOTS, PairTable

_SPACE: Final = 32
_BREAK: Final = 10
# What str.isspace() says yes to, beyond the first 128 code points.
_WIDE_BLANKS: Final = (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F)
_BLANKS: Final = (*range(9, 14), *range(28, 33), *_WIDE_BLANKS, 0x3000)
_BLANKS_END: Final = 0x3001


def slots(numpy: Any, previous: Any, current: Any) -> Any:
    """Return the table slots of two uint32 arrays of code points; see table.slot."""
    mixed = previous * numpy.uint32(0x9E3779B1) + current * numpy.uint32(0x85EBCA77)
    mixed ^= mixed >> numpy.uint32(15)
    mixed *= numpy.uint32(0x2C1B3C6D)
    mixed ^= mixed >> numpy.uint32(12)
    return mixed & numpy.uint32(SLOTS - 1)


def split_pairs(numpy: Any, text: str) -> tuple[Any, Any, Any]:
    """Return (previous, current, word starts) of every character that is not white space.

    `previous` is the gap character for the first character of a word; word starts are indices
    into the other two arrays.
    """
    codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), numpy.uint32)
    lookup = numpy.zeros(_BLANKS_END + 1, bool)
    lookup[list(_BLANKS)] = True
    blank = lookup[numpy.minimum(codes, _BLANKS_END)]
    before = numpy.empty_like(codes)
    before[0] = _BREAK
    before[1:] = codes[:-1]
    starts = numpy.empty(len(codes), bool)
    starts[0] = True
    starts[1:] = blank[:-1]
    joined = starts & (before == _SPACE)
    joined[2:] &= codes[:-2] != _SPACE
    before[starts] = _BREAK
    before[joined] = _SPACE
    inside = ~blank
    return before[inside], codes[inside], numpy.flatnonzero(starts[inside])


class VectorCounter:
    """Counts tokens of texts with one table and one numpy."""

    __slots__ = ("_left", "_numpy", "_pairs", "_right", "_spelled")

    def __init__(self, table: PairTable, numpy: Any) -> None:
        self._numpy = numpy
        scaled = [
            numpy.frombuffer(part, numpy.int8).astype(numpy.float32) / SCALE
            for part in (table.pairs, table.right, table.left)
        ]
        self._pairs, self._right, self._left = scaled
        self._spelled = numpy.frombuffer(table.right, numpy.int8) == BYTE_RULE

    def count(self, text: str) -> float:
        """Return the estimated tokens of a text, before rounding; 0.0 for an empty one."""
        if not text:
            return 0.0
        numpy = self._numpy
        total = end_tokens(text)
        if "  " in text or not text.isprintable():
            tally = Tally(ODD_GAP.findall(text))
            total += sum(gap_tokens(gap)[0] * times for gap, times in tally.items())
        previous, current, starts = split_pairs(numpy, text)
        if not len(current):
            return total
        words = 1.0 + numpy.add.reduceat(self._weights(previous, current), starts)
        return total + float(numpy.maximum(words, 1.0).sum(dtype=numpy.float64))

    def _weights(self, previous: Any, current: Any) -> Any:
        numpy = self._numpy
        right = numpy.minimum(current >> 7, BLOCKS - 1)
        left = numpy.minimum(previous >> 7, BLOCKS - 1)
        weights = self._pairs[slots(numpy, previous, current)] + self._right[right]
        weights += self._left[left]
        at_break = previous == _BREAK
        weights[(previous - 48) < 10] = 1.0  # unsigned: wraps below "0"
        digit = (current - 48) < 10
        weights[digit] = 1.0
        weights[digit & at_break] = 0.0
        spelled = self._spelled[right]
        if spelled.any():
            code = current[spelled]
            size = 1 + (code >= 0x80) + (code >= 0x800).astype(numpy.float32) + (code >= 0x10000)
            weights[spelled] = size - at_break[spelled]
        return weights
