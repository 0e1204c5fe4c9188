"""Fits the character-pair table of quotakeeper.tokens to the counts of the real tokenizer.

    python scripts/fit_tokens.py --corpora ../shared/corpora --tokenizer tokenizer.json

TOKENIZER is the pinned tokenizer.json or the .model made from it. Needs numpy, scipy and sentencepiece.
Deterministic: the same seed, corpora and Python standard library (its sources are part of the texts)
give the same bytes. Run scripts/make_pieces.py first.

Model: tokens of a text = gaps + sum over its words of max(1, 1 + sum of pair weights). Known words have
their exact count.

Method: least squares on the relative error of whole texts, with each language weighted by
1/sqrt(count). The first step leaves out the max; Gauss-Newton steps then include it. The weights are
stored as signed bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from scipy import sparse
from scipy.sparse.linalg import lsmr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from fit_texts import LONG, training_texts

from quotakeeper.tokens import pair_table
from quotakeeper.tokens.pair_sums import ODD_GAP, end_tokens, gap_tokens
from quotakeeper.tokens.pair_sums_numpy import slots
from quotakeeper.tokens.piece_facts import TAIL_MARKS, load_facts
from quotakeeper.tokens.sentencepiece_model import to_model

# The languages that most users write get a closer fit than the others.
CLOSER = {
    "spoken": 4.0,
    "escaped vi": 2.0,
    "en": 3.0,
    "vi": 2.0,
    "zh-Hans": 2.0,
    "zh-Hant": 2.0,
} | dict.fromkeys(("ja", "ko", "es", "id", "fr", "de", "ru", "th"), 1.5)
LONG_SHARE = 8.0
COLUMNS = pair_table.SLOTS + 2 * pair_table.BLOCKS
_WORD = re.compile(r"\S+")
DEFAULT_OUT = Path(pair_table.__file__).parent / "data" / "pairs.bin"


def load_tokenizer(path: Path) -> sentencepiece.SentencePieceProcessor:
    """Open a .model file, or convert a tokenizer.json to a temporary .model and open that."""
    if path.suffix != ".json":
        return sentencepiece.SentencePieceProcessor(model_file=str(path))
    with tempfile.NamedTemporaryFile(suffix=".model") as file:
        file.write(to_model(path.read_bytes()))
        file.flush()
        return sentencepiece.SentencePieceProcessor(model_file=file.name)


def block_costs(processor: sentencepiece.SentencePieceProcessor) -> np.ndarray:
    """Return the expected tokens per character in each block of 128 code points, for blocks without data.

    A character that is a piece of the tokenizer takes about 0.7 tokens. Any other takes its UTF-8
    bytes.
    """
    known = {processor.id_to_piece(i) for i in range(processor.get_piece_size())}
    costs = np.zeros(pair_table.BLOCKS)
    for block in range(pair_table.BLOCKS):
        codes = range(block << 7, (block + 1) << 7)
        used = [c for c in codes if unicodedata.category(chr(c)) not in ("Cn", "Co")] or codes
        costs[block] = np.mean(
            [0.7 if chr(c) in known else pair_table.utf8_length(c) for c in used]
        )
    return costs


def split_words(texts: list[str]) -> tuple[sparse.csr_matrix, list[str], np.ndarray]:
    """Split texts into words.

    Returns a matrix with the word counts of each text, the words with their gap character in front,
    and the tokens of the gaps of each text.
    """
    numbers: dict[str, int] = {}
    rows, columns, gaps = [], [], np.zeros(len(texts))
    for row, text in enumerate(texts):
        gaps[row] = end_tokens(text) + sum(gap_tokens(gap)[0] for gap in ODD_GAP.findall(text))
        for found in _WORD.finditer(text):
            start = found.start()
            joined = start and text[start - 1] == " " and (start < 2 or text[start - 2] != " ")
            key = (pair_table.SPACE if joined else pair_table.BREAK) + found.group()
            rows.append(row)
            columns.append(numbers.setdefault(key, len(numbers)))
    shape = (len(texts), len(numbers))
    counts = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    return counts, list(numbers), gaps


def without_known(words: list[str]) -> tuple[list[str], np.ndarray]:
    """Cut known words down to their gap and marks. Returns the words, and the tokens that were cut off."""
    facts = load_facts()
    if facts is None:
        sys.exit("make the facts first: scripts/make_pieces.py")
    left, tokens = [], np.zeros(len(words))
    for number, word in enumerate(words):
        bare = word[1:].rstrip(TAIL_MARKS)
        found = facts.words.get(bare, 0) if word[0] == pair_table.SPACE else 0
        marks = word[1 + len(bare) :]
        left.append(pair_table.BREAK + marks if found else word)
        # A word that is one piece has one token and needs no pair.
        tokens[number] = found if not found or marks else found - 1
    return left, tokens


def features(words: list[str], spelled: np.ndarray) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return two things: the (words x table columns) matrix, and the tokens of each word without a weight."""
    lengths = np.array([len(word) for word in words])
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    inner = np.ones(len(codes), bool)
    inner[np.cumsum(lengths) - lengths] = False
    at = np.flatnonzero(inner)
    word = np.repeat(np.arange(len(words)), lengths)[at]
    current, previous = codes[at], codes[at - 1]
    right = np.minimum(current >> 7, pair_table.BLOCKS - 1).astype(np.int64)
    left = np.minimum(previous >> 7, pair_table.BLOCKS - 1).astype(np.int64)
    at_break = previous == ord(pair_table.BREAK)
    digit = (current - 48) < 10
    after_digit = (previous - 48) < 10
    fixed = np.where(digit, 1.0 - at_break, np.where(after_digit, 1.0, 0.0))
    size = 1 + (current >= 0x80) + (current >= 0x800).astype(int) + (current >= 0x10000)
    by_bytes = spelled[right] & ~digit
    fixed = np.where(by_bytes, size - at_break, fixed)
    free = ~(digit | after_digit | by_bytes)
    columns = [
        slots(np, previous, current)[free].astype(np.int64),
        pair_table.SLOTS + right[free],
        pair_table.SLOTS + pair_table.BLOCKS + left[free],
    ]
    ones = np.ones(3 * int(free.sum()), np.float32)
    shape = (len(words), COLUMNS)
    matrix = sparse.csr_matrix((ones, (np.tile(word[free], 3), np.concatenate(columns))), shape)
    matrix.sum_duplicates()
    return matrix, 1.0 + np.bincount(word, fixed, len(words))


def row_weights(groups: list[str], tokens: np.ndarray) -> np.ndarray:
    """Return the square root of each text's weight: about 1/tokens^0.95, with languages balanced."""
    sizes = {group: groups.count(group) for group in set(groups)}
    share = np.array([1.0 / np.sqrt(sizes[group]) for group in groups])
    share *= [CLOSER.get(group.removesuffix(LONG), 1.0) for group in groups]
    # Long texts get more weight: they show the bias of a whole language, which single sentences do
    # not.
    share *= [LONG_SHARE if group.endswith(LONG) else 1.0 for group in groups]
    return np.sqrt(share / share.mean() / np.maximum(tokens, 1) ** 1.9)


def solve(counts: Any, matrix: Any, fixed: Any, goal: Any, weight: Any, steps: int) -> Any:
    """Return the weight of each column. `goal` is the number of tokens in the words of each text."""
    scale = sparse.diags(weight)
    weighted = scale @ counts
    target = weight * goal - weighted @ fixed
    x = lsmr((weighted @ matrix).astype(np.float32), target, damp=0.1, maxiter=300)[0]
    for step in range(steps):
        floor = fixed + matrix @ x >= 1.0
        active = (weighted @ sparse.diags(floor.astype(np.float32)) @ matrix).astype(np.float32)
        error = weight * goal - weighted @ np.maximum(fixed + matrix @ x, 1.0)
        change = lsmr(active, error, damp=0.4, maxiter=60)[0]
        tried = []
        for factor in (1.0, 0.5, 0.25):
            moved = x + factor * change
            left = weight * goal - weighted @ np.maximum(fixed + matrix @ moved, 1.0)
            tried.append((float(left @ left), factor))
        x = x + min(tried)[1] * change
        print(f"step {step}: error {np.sqrt(min(tried)[0] / len(goal)):.5f}")
    return x


def quantise(x: np.ndarray, spelled: np.ndarray, costs: np.ndarray, met: np.ndarray) -> bytes:
    """Return the table file for the fitted columns. A block without data gets its expected cost."""
    pairs, right, left = np.split(x, [pair_table.SLOTS, pair_table.SLOTS + pair_table.BLOCKS])
    right = np.where(met, right, costs)
    stored = [
        np.clip(np.round(part * pair_table.SCALE), -126, 126).astype(np.int8)
        for part in (pairs, right, left)
    ]
    stored[1][spelled] = pair_table.BYTE_RULE
    return pair_table.pack(*(part.tobytes() for part in stored))


def main() -> None:
    parser = argparse.ArgumentParser(description="fit the token table")
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=20251)
    parser.add_argument("--steps", type=int, default=16)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    processor = load_tokenizer(options.tokenizer)
    groups, texts = zip(*training_texts(options.corpora, options.seed), strict=True)
    tokens = np.array([len(ids) for ids in processor.encode(list(texts))], float)
    counts, words, gaps = split_words(list(texts))
    costs = block_costs(processor)
    blocks = np.unique([min(ord(char) >> 7, pair_table.BLOCKS - 1) for char in set("".join(words))])
    met = np.isin(np.arange(pair_table.BLOCKS), blocks)
    # Use the byte rule for blocks where almost no character is a piece.
    spelled = (costs > 1.9) & ((costs > 2.9) | ~met)
    left, exact = without_known(words)
    matrix, fixed = features(left, spelled)
    fixed += exact
    print(f"{len(texts)} texts, {int(tokens.sum())} tokens, {len(words)} words")
    weight = row_weights(list(groups), tokens)
    x = solve(counts, matrix, fixed, tokens - gaps, weight, options.steps)
    options.out.write_bytes(quantise(x, spelled, costs, met))
    print(f"wrote {options.out.name}, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
