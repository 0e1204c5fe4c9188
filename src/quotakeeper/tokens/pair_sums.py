"""Sums pair weights over a text in pure Python, remembering words and pairs it has seen.

The tokenizer never lets a token cross from one word into the next, so a text is counted word by
word, each word at least one token, and a word seen before costs one dictionary look-up. Estimate
and upper bound are summed in one number, so that the second costs no second pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from quotakeeper.tokens.pair_table import BREAK, SPACE, PairTable, utf8_length
from quotakeeper.tokens.piece_facts import LONGEST_KNOWN, WIDE, PieceFacts

ODD_GAP: Final = re.compile(r"[^\S ]\s*| \s+")  # white space that is not exactly one space
_BROKEN_WORD: Final = re.compile(r"(?:[^\S ]|  )(?=\S)(\S+)")  # a word with no space of its own
_SAME: Final = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_RUN: Final = 31  # the tokenizer has runs of up to 31 equal blanks as one token
_BLANKS: Final = frozenset(" \n\t")

_LONG_WORD: Final = 24  # longer words (Chinese, Thai, addresses) seldom come twice: not remembered
_MOST_WORDS: Final = 65_536  # about 10 MB when full; then the memory starts afresh
_MOST_PAIRS: Final = 65_536

# One float holds both sums: bound * BOUND + estimate. An estimate is a multiple of 1/64 and stays
# below BOUND / 2 for the longest text that is counted whole, so neither disturbs the other.
BOUND: Final = float(1 << 25)

SumWords = Callable[[list[str]], float]


def gap_tokens(gap: str) -> tuple[int, bool]:
    """Return the tokens a stretch of white space takes, and whether its last space is left over.

    A single space at the end of the gap belongs to the word that follows, so it is not counted.
    White space other than spaces, newlines and tabs is spelled in its UTF-8 bytes.
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
    """Return 1.0 when the text ends in a lone space, which has no word to belong to."""
    return 1.0 if text[-1] == SPACE and text[-2:-1] != SPACE else 0.0


def is_wide(word: str) -> bool:
    """Return whether a word is never a known one: it is long, or Chinese, Japanese or Korean."""
    return len(word) > LONGEST_KNOWN or word >= WIDE


class _Pairs(dict[tuple[str, str], float]):
    """Pair -> weight and thirds of the bound in one float, filled as pairs are met."""

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
    """Word -> estimate and bound after one kind of gap in one float, filled as words are met."""

    __slots__ = ("_gap", "_known", "_start", "_weigh")

    def __init__(self, pairs: _Pairs, gap: str) -> None:
        words = pairs.facts.words if gap == SPACE else {}
        self._start = {word: tokens + tokens * BOUND for word, tokens in words.items()}
        super().__init__(self._start)
        self._weigh = pairs.__getitem__
        self._known = pairs.facts.known
        self._gap = gap

    def __missing__(self, word: str) -> float:
        known = self._known(word) if self._start else None
        if known is None:
            value = _whole(sum(map(self._weigh, zip(self._gap + word, word, strict=False))))
        else:  # known words are counted exactly; only marks follow
            tokens, marks = known
            value = tokens + tokens * BOUND
            value += _whole(sum(map(self._weigh, zip(BREAK + marks, marks, strict=False))))
        if len(word) <= _LONG_WORD:
            if len(self) >= _MOST_WORDS:
                self.clear()
                self.update(self._start)
            self[word] = value
        return value


def _whole(pairs: float) -> float:
    """Return (bound * BOUND + estimate) of a word from the sum over its pairs."""
    thirds = (pairs + BOUND / 2) // BOUND
    return max(1.0 + pairs - thirds * BOUND, 1.0) + (3 + thirds) // 3 * BOUND


class Counter:
    """Counts tokens of texts with one table and one file of facts.

    Safe to share between threads: at worst an entry of its memory is computed twice.
    """

    __slots__ = ("_after_break", "_after_space", "_pairs")

    def __init__(self, table: PairTable, facts: PieceFacts) -> None:
        self._pairs = _Pairs(table, facts)
        self._after_space = _Words(self._pairs, SPACE)
        self._after_break = _Words(self._pairs, BREAK)

    def count(self, text: str, wide: SumWords | None = None) -> tuple[float, int]:
        """Return (estimated tokens before rounding, upper bound) of a text.

        `wide` sums the words that `is_wide` says yes to in another way, to the same figure.
        """
        if not text:
            return 0.0, 0
        words = text.split()
        total = 0.0
        if wide is not None:
            total = wide([word for word in words if is_wide(word)])
            words = [word for word in words if not is_wide(word)]
        total += sum(map(self._after_space.__getitem__, words))
        gaps = end_tokens(text)
        if "  " in text or not text.isprintable():
            gaps += sum(gap_tokens(gap)[0] for gap in ODD_GAP.findall(text))
            total += sum(map(self._without_space, _BROKEN_WORD.findall(text)))
        if not text[0].isspace():
            total += self._without_space(text.split(None, 1)[0])
        bound = total // BOUND
        return total - bound * BOUND + gaps, int(bound + gaps)

    def _without_space(self, word: str) -> float:
        """Return what changes when a word has no space before it."""
        if len(word) == 1 or not is_wide(word):
            return self._after_break[word] - self._after_space[word]
        first = word[0]
        weight = self._pairs.table.weight
        joined = self._pairs.facts.thirds(SPACE, first) < self._pairs.facts.thirds(BREAK, first)
        return weight(BREAK, first) - weight(SPACE, first) - (not joined) * BOUND
