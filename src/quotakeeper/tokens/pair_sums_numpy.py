"""Computes the sums of pair_sums.py with numpy, for long texts, if the program already loaded
numpy.

This module never imports numpy, because the import takes 0.1 s. The caller passes the module.
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import Any, Final

from quotakeeper.tokens.pair_sums import ODD_GAP, end_tokens, gap_tokens
from quotakeeper.tokens.pair_table import BLOCKS, BYTE_RULE, SCALE, SLOTS, PairTable
from quotakeeper.tokens.piece_facts import PieceFacts

_SPACE: Final = 32
_BREAK: Final = 10
# The characters above 127 for which str.isspace() is true.
_WIDE_BLANKS: Final = (0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F)
_BLANKS: Final = (*range(9, 14), *range(28, 33), *_WIDE_BLANKS, 0x3000)
_BLANKS_END: Final = 0x3001


def slots(numpy: Any, previous: Any, current: Any) -> Any:
    """Return the table slots for two uint32 arrays of code points; see `pair_table.slot`."""
    mixed = previous * numpy.uint32(0x9E3779B1)
    mixed += current * numpy.uint32(0x85EBCA77)
    mixed ^= mixed >> numpy.uint32(15)
    mixed *= numpy.uint32(0x2C1B3C6D)
    mixed ^= mixed >> numpy.uint32(12)
    mixed &= numpy.uint32(SLOTS - 1)
    return mixed


_DIGIT: Final = 8  # the mark of an ASCII digit's cost


class VectorCounter:
    """Counts the tokens of texts with numpy. The results equal `Counter.count(text, dense=True)`."""

    __slots__ = ("_costs", "_joined", "_left", "_multiplier", "_numpy", "_pairs", "_right",
                 "_spelled")  # fmt: skip

    def __init__(self, table: PairTable, facts: PieceFacts, numpy: Any) -> None:
        self._numpy = numpy
        scaled = [
            numpy.frombuffer(part, numpy.int8).astype(numpy.float32) / SCALE
            for part in (table.pairs, table.right, table.left)
        ]
        self._pairs, self._right, self._left = scaled
        self._spelled = numpy.frombuffer(table.right, numpy.int8) == BYTE_RULE
        self._costs = numpy.append(numpy.frombuffer(facts.costs, numpy.uint8), numpy.uint8(4))
        self._costs[list(_BLANKS)] = 0
        self._costs[48:58] = 1 + _DIGIT
        self._multiplier = numpy.uint32(facts.multiplier)
        joined = numpy.fromiter(facts.joined, numpy.uint32, len(facts.joined))
        self._joined = numpy.zeros(1 << 16, numpy.uint32)
        self._joined[self._place(joined)] = joined

    def count(self, text: str) -> tuple[float, int]:
        """Return (estimated tokens before rounding, upper bound) of a text."""
        if not text:
            return 0.0, 0
        numpy = self._numpy
        gaps = end_tokens(text)
        if "  " in text or not text.isprintable():
            tally = Tally(ODD_GAP.findall(text))
            gaps += sum(gap_tokens(gap)[0] * times for gap, times in tally.items())
        codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), numpy.uint32)
        # Every code point above CODES has the cost of CODES.
        costs = self._costs.take(codes, mode="clip")
        blank = costs == 0
        previous, first = self._before(codes, blank)
        starts = first & ~blank
        words = numpy.flatnonzero(starts)
        if not len(words):
            return gaps, int(gaps)
        weights = self._weights(previous, codes, first, costs)
        weights[blank] = 0.0
        tokens = 1.0 + numpy.add.reduceat(weights, words)
        estimate = float(numpy.maximum(tokens, 1.0).sum(dtype=numpy.float64))
        # A word after a space counts that space as one of its characters.
        singly = int(numpy.count_nonzero(previous[words] == _SPACE))
        singly += int((costs & (_DIGIT - 1)).sum(dtype=numpy.int64))
        return estimate + gaps, (3 * singly - self._joins(previous, codes)) // 3 + int(gaps)

    def _before(self, codes: Any, blank: Any) -> tuple[Any, Any]:
        """Return two arrays about the character before each character.

        The first array has the code point of that character, the second whether it is a gap. A gap
        has the code point of a space or of a newline.
        """
        numpy = self._numpy
        before = numpy.empty_like(codes)
        before[0] = _BREAK
        before[1:] = codes[:-1]
        first = numpy.empty(len(codes), bool)
        first[0] = True
        first[1:] = blank[:-1]
        joined = first & (before == _SPACE)
        joined[2:] &= codes[:-2] != _SPACE
        before[first ^ joined] = _BREAK
        return before, first

    def _place(self, pairs: Any) -> Any:
        return (pairs * self._multiplier) >> self._numpy.uint32(16)

    def _joins(self, previous: Any, current: Any) -> int:
        """Return how many of the character pairs are entries of the tokenizer's vocabulary."""
        numpy = self._numpy
        pairs = previous << numpy.uint32(16)
        pairs |= current
        found = self._joined[self._place(pairs)] == pairs
        if current.max() > 0xFFFF:  # a larger code point would overlap the character before it
            found &= (previous | current) < 0x10000
        return int(numpy.count_nonzero(found))

    def _weights(self, previous: Any, current: Any, first: Any, costs: Any) -> Any:
        numpy = self._numpy
        right = numpy.minimum(current >> 7, BLOCKS - 1)
        left = numpy.empty_like(right)
        left[1:] = right[:-1]
        left[first] = 0
        weights = self._pairs.take(slots(numpy, previous, current))
        weights += self._right.take(right)
        weights += self._left.take(left)
        digit = costs >= _DIGIT
        if digit.any():
            weights[1:][digit[:-1]] = 1.0
            weights[digit] = 1.0
            weights[digit & (previous == _BREAK)] = 0.0
        spelled = self._spelled.take(right)
        if spelled.any():
            code = current[spelled]
            size = 1 + (code >= 0x80) + (code >= 0x800).astype(numpy.float32) + (code >= 0x10000)
            weights[spelled] = size - (previous[spelled] == _BREAK)
        return weights
