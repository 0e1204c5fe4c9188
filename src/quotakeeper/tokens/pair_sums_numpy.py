"""The same sums as pair_sums.py with numpy, for long texts in programs that already loaded numpy.

numpy is never imported from here (it costs 0.1 s): the caller hands in the module it found. Only
words that no list of known words could hold are summed here: long ones, and Chinese, Japanese and
Korean. Other words are met again and again, and remembering them is as fast.
"""

from __future__ import annotations

from typing import Any, Final

from quotakeeper.tokens.pair_sums import BOUND
from quotakeeper.tokens.pair_table import BLOCKS, BYTE_RULE, SCALE, SLOTS, PairTable
from quotakeeper.tokens.piece_facts import CODES, PieceFacts

_SPACE: Final = 32


def slots(numpy: Any, previous: Any, current: Any) -> Any:
    """Return the table slots of two uint32 arrays of code points; see table.slot."""
    mixed = previous * numpy.uint32(0x9E3779B1) + current * numpy.uint32(0x85EBCA77)
    mixed ^= mixed >> numpy.uint32(15)
    mixed *= numpy.uint32(0x2C1B3C6D)
    mixed ^= mixed >> numpy.uint32(12)
    return mixed & numpy.uint32(SLOTS - 1)


class WideSums:
    """Sums words with one table, one file of facts and one numpy; see `Counter.count`."""

    __slots__ = ("_costs", "_joined", "_left", "_multiplier", "_numpy", "_pairs", "_right", "_spelled")  # fmt: skip

    def __init__(self, table: PairTable, facts: PieceFacts, numpy: Any) -> None:
        self._numpy = numpy
        scaled = [
            numpy.frombuffer(part, numpy.int8).astype(numpy.float32) / SCALE
            for part in (table.pairs, table.right, table.left)
        ]
        self._pairs, self._right, self._left = scaled
        self._spelled = numpy.frombuffer(table.right, numpy.int8) == BYTE_RULE
        costs = numpy.frombuffer(facts.costs, numpy.uint8)
        self._costs = 3 * numpy.append(costs, numpy.uint8(4)).astype(numpy.int32)
        self._multiplier = numpy.uint32(facts.multiplier)
        joined = numpy.fromiter(facts.joined, numpy.uint32, len(facts.joined))
        self._joined = numpy.zeros(1 << 16, numpy.uint32)
        self._joined[self._place(joined)] = joined

    def __call__(self, words: list[str]) -> float:
        """Return the sum of (bound * BOUND + estimate) over words with one space before each."""
        if not words:
            return 0.0
        numpy = self._numpy
        text = " " + " ".join(words)
        codes = numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), numpy.uint32)
        inside = codes[1:] != _SPACE
        current, previous = codes[1:][inside], codes[:-1][inside]
        starts = numpy.flatnonzero(previous == _SPACE)
        tokens = 1.0 + numpy.add.reduceat(self._weights(previous, current), starts)
        thirds = 3 + numpy.add.reduceat(self._thirds(previous, current), starts)
        estimate = float(numpy.maximum(tokens, 1.0).sum(dtype=numpy.float64))
        return estimate + float((thirds // 3).sum(dtype=numpy.int64)) * BOUND

    def _place(self, pairs: Any) -> Any:
        return (pairs * self._multiplier) >> self._numpy.uint32(16)

    def _thirds(self, previous: Any, current: Any) -> Any:
        numpy = self._numpy
        pairs = previous << numpy.uint32(16) | current
        # A code point beyond 16 bits would run into its neighbour: such a pair is none of the file.
        joined = (self._joined[self._place(pairs)] == pairs) & ((previous | current) < 0x10000)
        return self._costs[numpy.minimum(current, CODES)] - joined

    def _weights(self, previous: Any, current: Any) -> Any:
        numpy = self._numpy
        right = numpy.minimum(current >> 7, BLOCKS - 1)
        left = numpy.minimum(previous >> 7, BLOCKS - 1)
        weights = self._pairs[slots(numpy, previous, current)] + self._right[right]
        weights += self._left[left]
        weights[(previous - 48) < 10] = 1.0  # unsigned: wraps below "0"
        weights[(current - 48) < 10] = 1.0
        spelled = self._spelled[right]
        if spelled.any():
            code = current[spelled]
            size = 1 + (code >= 0x80) + (code >= 0x800).astype(numpy.float32) + (code >= 0x10000)
            weights[spelled] = size
        return weights
