"""Sums the weights of character pairs over a text, in pure Python, with caches for words and pairs.

The tokenizer never makes a token across two words, so a text is counted word by word. Each word has
at least one token. A cached word takes only one dictionary look-up. The estimate and the upper
bound are packed in one float, so that one pass sums both.
"""

from __future__ import annotations

import re
from typing import Final

from quotakeeper.tokens.pair_table import BREAK, SPACE, PairTable, utf8_length
from quotakeeper.tokens.piece_facts import TAIL_MARKS, PieceFacts

ODD_GAP: Final = re.compile(r"[^\S ]\s*| \s+")  # white space other than a single space
_BROKEN_WORD: Final = re.compile(r"(?:[^\S ]|  )(?=\S)(\S+)")  # a word without a space before it
_SAME: Final = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_RUN: Final = 31  # the tokenizer has one token for up to 31 equal blanks
_BLANKS: Final = frozenset(" \n\t")

# Characters; longer words (Chinese, Thai, addresses) seldom repeat and are not cached.
_LONG_WORD: Final = 24
_MOST_WORDS: Final = 65_536  # about 10 MB; a full cache is emptied
_MOST_PAIRS: Final = 65_536
_MOST_GAPS: Final = 1_024

# One float holds both sums: bound in thirds * BOUND + estimate. An estimate is a multiple of 1/64
# and, for the longest text counted whole, less than BOUND / 2. So the two sums do not overlap.
BOUND: Final = float(1 << 25)
_HALF: Final = BOUND / 2


def gap_tokens(gap: str) -> tuple[int, bool]:
    """Count the tokens of white space between words.

    Returns (the tokens, whether the last space was left out). A single space at the end belongs to
    the next word, so it is left out. White space other than spaces, newlines and tabs counts as its
    UTF-8 bytes.
    """
    tokens = 0
    for found in _SAME.finditer(gap):
        run = found.group()
        if run == SPACE and found.end() == len(gap):
            return tokens, True
        blank = run[0] in _BLANKS
        tokens += -(-len(run) // _LONGEST_RUN) if blank else len(run) * utf8_length(ord(run[0]))
    return tokens, False


def end_tokens(text: str) -> float:
    """Return 1.0 if the text ends with a single space, which counts as a token of its own; else
    0.0.
    """
    return 1.0 if text[-1] == SPACE and text[-2:-1] != SPACE else 0.0


class _Gaps(dict[str, int]):
    """A cache: white space between words -> its tokens."""

    __slots__ = ()

    def __missing__(self, gap: str) -> int:
        if len(self) >= _MOST_GAPS:
            self.clear()
        value = self[gap] = gap_tokens(gap)[0]
        return value


class _Pairs(dict[tuple[str, str], float]):
    """A cache: pair of characters -> its weight and its part of the upper bound, in one float."""

    __slots__ = ("facts", "table")

    def __init__(self, table: PairTable, facts: PieceFacts) -> None:
        super().__init__()
        self.table = table
        self.facts = facts

    def __missing__(self, pair: tuple[str, str]) -> float:
        if len(self) >= _MOST_PAIRS:
            self.clear()
        previous, current = pair
        thirds = self.facts.thirds(previous, current) - 3 * (previous == BREAK)
        value = self[pair] = self.table.weight(previous, current) + thirds * BOUND
        return value


class _Words(dict[str, float]):
    """A cache: word -> estimate and bound in one float, for words after one kind of white space.

    Words in `known` are counted exactly, also with punctuation after them. If `whole` is True, the
    bound of a cached word is rounded down to whole tokens.
    """

    __slots__ = ("_gap", "_known", "_weigh", "_whole")

    def __init__(
        self, pairs: _Pairs, gap: str, known: dict[str, float], *, whole: bool = True
    ) -> None:
        super().__init__(known)
        self._whole = whole
        self._weigh = pairs.__getitem__
        self._known = known
        self._gap = gap

    def __missing__(self, word: str) -> float:
        known, marks = 0.0, ""
        if self._known and word[-1] in TAIL_MARKS:
            bare = word.rstrip(TAIL_MARKS)
            known, marks = self._known.get(bare, 0.0), word[len(bare) :]
        if known:
            pairs = sum(map(self._weigh, zip(BREAK + marks, marks, strict=False)))
        else:
            pairs = sum(map(self._weigh, zip(self._gap + word, word, strict=False)))
        thirds = (pairs + _HALF) // BOUND
        value = 1.0 + pairs - thirds * BOUND
        if value < 1.0:
            value = 1.0
        thirds += 3.0
        if len(word) > _LONG_WORD:
            return value + thirds * BOUND + known
        if self._whole:
            thirds -= thirds % 3.0
        if len(self) >= _MOST_WORDS:
            self.clear()
            self.update(self._known)
        value = self[word] = value + thirds * BOUND + known
        return value


class Counter:
    """Counts the tokens of texts with a pair table and the facts of the tokenizer.

    Threads may share a counter. At worst, two threads compute the same cache entry.
    """

    __slots__ = ("_dense", "_gaps", "_pairs", "_worded")

    def __init__(self, table: PairTable, facts: PieceFacts) -> None:
        self._gaps = _Gaps()
        self._pairs = _Pairs(table, facts)
        packed = [tokens + 3 * tokens * BOUND for tokens in range(256)]
        known = dict(zip(facts.words, map(packed.__getitem__, facts.words.values()), strict=True))
        self._worded = _Words(self._pairs, SPACE, known), _Words(self._pairs, BREAK, {})
        self._dense = (
            _Words(self._pairs, SPACE, {}, whole=False),
            _Words(self._pairs, BREAK, {}, whole=False),
        )

    def count(self, text: str, *, dense: bool = False) -> tuple[float, int]:
        """Return (estimated tokens before rounding, upper bound) of a text.

        With `dense`, the list of known words is not used, and no bound is rounded for a single
        word. The result is then equal to the result of VectorCounter.
        """
        if not text:
            return 0.0, 0
        after_space, after_break = self._dense if dense else self._worded
        total = sum(map(after_space.__getitem__, text.split()))
        gaps = end_tokens(text)
        broken = [] if text[0].isspace() else text.split(None, 1)[:1]
        if "  " in text or not text.isprintable():
            gaps += sum(map(self._gaps.__getitem__, ODD_GAP.findall(text)))
            broken += _BROKEN_WORD.findall(text)
        for word in broken:  # words without a space before them
            if len(word) > _LONG_WORD:
                total += self._pairs[BREAK, word[0]] - self._pairs[SPACE, word[0]]
            else:
                total += after_break[word] - after_space[word]
        thirds = total // BOUND
        return total - thirds * BOUND + gaps, int(thirds // 3 + gaps)
