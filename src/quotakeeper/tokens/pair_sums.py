"""Sums pair weights over a text in pure Python, remembering words and pairs it has seen.

The tokenizer never lets a token cross from one word into the next, so a text is counted word by
word, each word at least one token, and a word seen before costs one dictionary look-up.
"""

from __future__ import annotations

import re
from typing import Final

from quotakeeper.tokens.pair_table import BREAK, SPACE, PairTable

ODD_GAP: Final = re.compile(r"[^\S ]\s*| \s+")  # white space that is not exactly one space
_BROKEN_WORD: Final = re.compile(r"(?:[^\S ]|  )(?=\S)(\S+)")  # a word with no space of its own
_SAME: Final = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_RUN: Final = 31  # the tokenizer has runs of up to 31 equal blanks as one token
_BLANKS: Final = frozenset(" \n\t")

_LONG_WORD: Final = 24  # longer words (Chinese, Thai, addresses) seldom come twice: not remembered
_MOST_WORDS: Final = 65_536  # about 10 MB when full; then the memory starts afresh
_MOST_PAIRS: Final = 65_536


def gap_tokens(gap: str) -> tuple[int, bool]:
    """Return the tokens a stretch of white space takes, and whether its last space is left over.

    A single space at the end of the gap belongs to the word that follows, so it is not counted.
    """
    tokens = 0
    for found in _SAME.finditer(gap):
        run = found.group()
        if run == SPACE and found.end() == len(gap):
            return tokens, True
        tokens += -(-len(run) // _LONGEST_RUN) if run[0] in _BLANKS else len(run)
    return tokens, False


def end_tokens(text: str) -> float:
    """Return 1.0 when the text ends in a lone space, which has no word to belong to."""
    return 1.0 if text[-1] == SPACE and text[-2:-1] != SPACE else 0.0


class _Pairs(dict[tuple[str, str], float]):
    """Pair -> weight, filled from the table as pairs are met."""

    __slots__ = ("table",)

    def __init__(self, table: PairTable) -> None:
        super().__init__()
        self.table = table

    def __missing__(self, pair: tuple[str, str]) -> float:
        if len(self) >= _MOST_PAIRS:
            self.clear()
        value = self[pair] = self.table.weight(*pair)
        return value


class _Words(dict[str, float]):
    """Word -> tokens after one kind of gap, filled as words are met."""

    __slots__ = ("gap", "weigh")

    def __init__(self, pairs: _Pairs, gap: str) -> None:
        super().__init__()
        self.weigh = pairs.__getitem__
        self.gap = gap

    def __missing__(self, word: str) -> float:
        value = 1.0 + sum(map(self.weigh, zip(self.gap + word, word, strict=False)))
        if value < 1.0:
            value = 1.0
        if len(word) <= _LONG_WORD:
            if len(self) >= _MOST_WORDS:
                self.clear()
            self[word] = value
        return value


class Counter:
    """Counts tokens of texts with one table.

    Safe to share between threads: at worst an entry of its memory is computed twice.
    """

    __slots__ = ("_after_break", "_after_space", "_pairs")

    def __init__(self, table: PairTable) -> None:
        self._pairs = _Pairs(table)
        self._after_space = _Words(self._pairs, SPACE)
        self._after_break = _Words(self._pairs, BREAK)

    def count(self, text: str) -> float:
        """Return the estimated tokens of a text, before rounding; 0.0 for an empty one."""
        if not text:
            return 0.0
        total = sum(map(self._after_space.__getitem__, text.split())) + end_tokens(text)
        if "  " in text or not text.isprintable():
            total += sum(gap_tokens(gap)[0] for gap in ODD_GAP.findall(text))
            total += sum(map(self._without_space, _BROKEN_WORD.findall(text)))
        if not text[0].isspace():
            total += self._without_space(text.split(None, 1)[0])
        return total

    def _without_space(self, word: str) -> float:
        """Return what changes when a word has no space before it."""
        if len(word) > _LONG_WORD:
            return self._pairs[BREAK, word[0]] - self._pairs[SPACE, word[0]]
        return self._after_break[word] - self._after_space[word]
