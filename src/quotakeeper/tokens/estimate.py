"""Estimates how many tokens a text has for Gemini models, with an upper bound and its language."""

from __future__ import annotations

import functools
import sys
from bisect import bisect_right
from typing import Any, Final, Literal

from quotakeeper.errors import InvalidInputError
from quotakeeper.tokens.language import detect_language
from quotakeeper.tokens.pair_sums import Counter
from quotakeeper.tokens.pair_sums_numpy import VectorCounter
from quotakeeper.tokens.pair_table import load_table
from quotakeeper.tokens.piece_facts import load_facts
from quotakeeper.tokens.script_weights import count_by_script
from quotakeeper.value_classes import dataclass

Provenance = Literal["tokenizer", "estimated"]

SAMPLED_ABOVE_CHARS: Final = 2_000_000  # longer texts are counted in evenly spaced windows
_WINDOWS: Final = 50
_WINDOW_CHARS: Final = 20_000

_DENSE_ABOVE_CHARS: Final = 2_000  # characters; for shorter texts numpy's fixed cost is too high
_DENSE_WORD_CHARS: Final = 16  # a text with shorter words is counted faster with a cache of words

# (tokens from which a row applies, likely bound / estimate): 99 % of unseen texts have at most the
# likely bound. Measured on texts that the table was not fitted on; see docs/en/explanation/tokens.md.
_LIKELY_FACTORS: Final = (
    (0, 3.0),
    (3, 1.85),
    (6, 1.6),
    (12, 1.42),
    (25, 1.3),
    (50, 1.27),
    (1000, 1.33),  # long lists of invented names
)
_LIKELY_SIZES: Final = tuple(size for size, _ in _LIKELY_FACTORS)
_FALLBACK_FACTOR: Final = 1.36  # one more factor if script weights are used, measured the same way


@dataclass(frozen=True, slots=True)
class TokenEstimate:
    """The number of tokens of a text.

    - `tokens`: the count.
    - `language`: a BCP-47 label; `und` if unsure.
    - `upper_bound`: the text never has more tokens (see piece_facts.py). For a sampled text, this
      is the number of its UTF-8 bytes.
    - `provenance`: `tokenizer` for an exact count, else `estimated`.
    - `sampled`: only parts of a very long text were counted.
    - `likely_bound`: 99 % of texts of this size have at most this many tokens. Use it for a
      reservation that may sometimes be exceeded.
    """

    tokens: int
    language: str
    upper_bound: int
    provenance: Provenance = "estimated"
    sampled: bool = False
    likely_bound: int = -1  # -1: equal to the upper bound

    def __post_init__(self) -> None:
        if self.likely_bound < 0:
            object.__setattr__(self, "likely_bound", self.upper_bound)


@functools.cache
def _counter() -> Counter | None:
    table, facts = load_table(), load_facts()
    return None if table is None or facts is None else Counter(table, facts)


@functools.cache
def _vector_counter(numpy: Any) -> VectorCounter | None:
    table, facts = load_table(), load_facts()
    return None if table is None or facts is None else VectorCounter(table, facts, numpy)


def _is_dense(text: str) -> bool:
    """Return whether a text is long and has few blanks, as Chinese, Thai or minified code has."""
    if len(text) <= _DENSE_ABOVE_CHARS:
        return False
    return (text.count(" ") + text.count("\n")) * _DENSE_WORD_CHARS < len(text)


def _count(text: str) -> tuple[float, int | None, float]:
    """Return (tokens, upper bound or None if unknown, factor by which to widen the likely bound)."""
    dense = _is_dense(text)
    if dense:
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "frombuffer"):  # numpy may be only partly imported
            vector = _vector_counter(numpy)
            if vector is not None:
                return *vector.count(text), 1.0
    counter = _counter()
    if counter is None:
        return count_by_script(text), None, _FALLBACK_FACTOR
    return *counter.count(text, dense=dense), 1.0


def _sample(text: str) -> str:
    step = (len(text) - _WINDOW_CHARS) / (_WINDOWS - 1)
    starts = (int(index * step) for index in range(_WINDOWS))
    return "".join(text[start : start + _WINDOW_CHARS] for start in starts)


def estimate_tokens(text: str, *, with_language: bool = True) -> TokenEstimate:
    """Estimate the tokens of a text for Gemini models, without the tokenizer.

    Detecting the language takes longer than counting. With `with_language=False`, the label is
    `und`.

    Every str can be counted: lone surrogates and NULs count as characters, and an empty text has 0
    tokens. Of a text with more than 2,000,000 characters, only samples are counted; `sampled` is
    then True. Raises InvalidInputError if `text` is not a str.
    """
    if not isinstance(text, str):
        raise InvalidInputError("text", f"is {type(text).__name__}, not str", "decode it first")
    if not text:
        return TokenEstimate(0, "und", 0)
    sampled = len(text) > SAMPLED_ABOVE_CHARS
    seen = _sample(text) if sampled else text
    count, bound, widen = _count(seen)
    most = len(text.encode("utf-8", "surrogatepass"))  # a token has at least one byte
    if sampled:
        count *= len(text) / len(seen)
    elif bound is not None:
        most = min(most, bound)
    tokens = min(max(round(count), 1), most)
    factor = _LIKELY_FACTORS[bisect_right(_LIKELY_SIZES, tokens) - 1][1] * widen
    likely = min(max(-int(-tokens * factor // 1), tokens + 1), most)
    language = detect_language(seen) if with_language else "und"
    return TokenEstimate(tokens, language, most, "estimated", sampled, likely)
