"""Sums pair weights over a text in pure Python, remembering words and pairs it has seen.

The tokenizer never lets a token cross from one word into the next, so a text is counted word by
word, each word at least one token, and a word seen before costs one dictionary look-up. Estimate
and upper bound are summed in one number, so that the second costs no second pass.
"""

from __future__ import annotations

import re
from typing import Final

from quotakeeper.tokens.pair_table import BREAK, SPACE, PairTable, utf8_length
from quotakeeper.tokens.piece_facts import TAIL_MARKS, PieceFacts

ODD_GAP: Final = re.compile(r"[^\S ]\s*| \s+")  # white space that is not exactly one space
_BROKEN_WORD: Final = re.compile(r"(?:[^\S ]|  )(?=\S)(\S+)")  # a word with no space of its own
_SAME: Final = re.compile(r"(.)\1*", re.DOTALL)
_LONGEST_RUN: Final = 31  # the tokenizer has runs of up to 31 equal blanks as one token
_BLANKS: Final = frozenset(" \n\t")

_LONG_WORD: Final = 24  # longer words (Chinese, Thai, addresses) seldom come twice: not remembered
_MOST_WORDS: Final = 65_536  # about 10 MB when full; then the memory starts afresh
_MOST_PAIRS: Final = 65_536
_MOST_GAPS: Final = 1_024

# One float holds both sums: bound in thirds * BOUND + estimate. An estimate is a multiple of 1/64
# and stays below BOUND / 2 for the longest text counted whole, so neither disturbs the other.
BOUND: Final = float(1 << 25)
_HALF: Final = BOUND / 2


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


class _Gaps(dict[str, int]):
    """Stretch of white space -> tokens it takes, filled as they are met."""

    __slots__ = ()

    def __missing__(self, gap: str) -> int:
        if len(self) >= _MOST_GAPS:
            self.clear()
        value = self[gap] = gap_tokens(gap)[0]
        return value


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
    """Word -> estimate and bound after one kind of gap in one float, filled as words are met.

    Words of `known` are counted exactly, also when marks follow them. `whole`: whether the bound
    of a word that is remembered is cut to whole tokens.
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
    """Counts tokens of texts with one table and one file of facts.

    Safe to share between threads: at worst an entry of its memory is computed twice.
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

        `dense`: use neither known words nor whole words, as numpy's way of counting does.
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
        for word in broken:  # words with no space before them
            if len(word) > _LONG_WORD:
                total += self._pairs[BREAK, word[0]] - self._pairs[SPACE, word[0]]
            else:
                total += after_break[word] - after_space[word]
        thirds = total // BOUND
        return total - thirds * BOUND + gaps, int(thirds // 3 + gaps)
