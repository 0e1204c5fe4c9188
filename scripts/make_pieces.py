"""Writes data/pieces.bin: the facts about the tokenizer with which quotakeeper.tokens bounds a count.

    python scripts/make_pieces.py --corpora ../shared/corpora --tokenizer tokenizer.json

TOKENIZER is the pinned tokenizer.json. Needs numpy and sentencepiece. Deterministic: the same seed,
corpora and Python standard library give the same bytes. The script stops if the tokenizer lacks a
property that the bound needs (see piece_facts.py).

Known words come from the odd NTREX-128 documents and from Python's standard library. The script takes
the words that tighten the bound most: frequency times the tokens that the rule for unknown words adds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import sentencepiece

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from fit_texts import read_ntrex, standard_library

from quotakeeper.tokens import piece_facts
from quotakeeper.tokens.pair_table import utf8_length
from quotakeeper.tokens.piece_facts import CODES, PieceFacts
from quotakeeper.tokens.sentencepiece_model import to_model

DEFAULT_OUT = Path(piece_facts.__file__).parent / "data" / "pieces.bin"
GAP = "\u2581"  # the vocabulary's character for a space
CLOSER = {"en": 8.0, "vi": 3.0, "es": 2.0, "de": 2.0, "fr": 2.0, "pt": 2.0, "ru": 2.0, "id": 2.0}
MOST_TOKENS = 9  # the file has one digit for it


def normal_pieces(document: dict) -> set[str]:
    """Return the pieces that merging can make: no added tokens, no byte pieces."""
    added = {token["content"] for token in document["added_tokens"]}
    return {
        piece
        for piece in document["model"]["vocab"]
        if piece not in added and not (len(piece) == 6 and piece.startswith("<0x"))
    }


def check(document: dict, pieces: set[str]) -> None:
    """Exit with a message if the tokenizer lacks a property that the bound needs."""
    merges = {
        tuple(merge) if isinstance(merge, list) else tuple(merge.split(" "))
        for merge in document["model"]["merges"]
    }
    for piece in pieces:
        for cut in range(1, len(piece)):
            split = piece[:cut], piece[cut:]
            if split[0] in pieces and split[1] in pieces and split not in merges:
                sys.exit(f"no merge of {split}: two tokens may stand side by side unmerged")
            before, mark = piece[cut - 1], piece[cut]
            if mark in piece_facts.TAIL_MARKS and unicodedata.category(before)[0] in "LM":
                sys.exit(f"{piece!r} joins a letter and {mark!r}")
        if len(piece) > 1 and any(char.isspace() for char in piece):
            sys.exit(f"{piece!r} has white space and other characters")
    inner = {piece for piece in pieces if GAP in piece[1:]}
    if inner != {f">{GAP}</"}:
        sys.exit(f"pieces with an inner space: {sorted(inner)}")


def best_pairs(document: dict, pieces: set[str], seed: int) -> tuple[frozenset[int], int]:
    """Choose pairs that do not share a slot.

    Returns the pairs, and the multiplier that loses fewest of them.
    """
    numbers = document["model"]["vocab"]
    names = (piece for piece in pieces if len(piece) == 2 and max(piece) < "\U00010000")
    ordered = sorted(names, key=numbers.__getitem__)  # frequent pairs come first
    pairs = [
        ord(first.replace(GAP, " ")) << 16 | ord(second.replace(GAP, " "))
        for first, second in ordered
    ]
    keys = np.array(pairs, np.uint64)
    worth = 1.0 / (np.arange(len(keys)) + 500.0)
    draw = np.random.default_rng(seed)
    found = (0.0, 0, keys[:0])
    for _ in range(1500):
        multiplier = int(draw.integers(1 << 31)) * 2 + 1
        places = (keys * np.uint64(multiplier) & np.uint64(0xFFFFFFFF)) >> np.uint64(16)
        first = np.unique(places, return_index=True)[1]
        kept = float(worth[first].sum())
        if kept > found[0]:
            found = (kept, multiplier, keys[first])
    return frozenset(map(int, found[2])), found[1]


def is_word(word: str) -> bool:
    """Return whether a word can be a known word: letters and marks, with - and ' inside."""
    return (
        0 < len(word) <= piece_facts.LONGEST_KNOWN
        and all(unicodedata.category(char)[0] in "LM" or char in "-'\u2019_" for char in word)
        and unicodedata.category(word[-1])[0] in "LM"
    )


def tally(corpora: Path, seed: int) -> Counter[str]:
    """Return the weight of each word in the texts that known words are taken from."""
    found: Counter[str] = Counter()
    for language, sentences in read_ntrex(corpora, 0).items():
        for sentence in sentences:
            for word in sentence.split():
                found[word.rstrip(piece_facts.TAIL_MARKS)] += CLOSER.get(language, 1.0)
    for _, text in standard_library(random.Random(seed)):
        for word in text.split():
            found[word.rstrip(piece_facts.TAIL_MARKS)] += 0.5
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="make the facts that bound a count")
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=20251)
    parser.add_argument("--words", type=int, default=15_000)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    source = options.tokenizer.read_bytes()
    document = json.loads(source)
    pieces = normal_pieces(document)
    check(document, pieces)
    costs = bytes(1 if chr(code) in pieces else utf8_length(code) for code in range(CODES))
    costs = costs[:32] + b"\1" + costs[33:]  # a space is stored as the piece GAP
    pairs, multiplier = best_pairs(document, pieces, options.seed)
    bare = PieceFacts(costs, pairs, {}, multiplier)
    weights = tally(options.corpora, options.seed)
    processor = sentencepiece.SentencePieceProcessor(model_proto=to_model(source))
    names = sorted(filter(is_word, weights))
    counts = [len(ids) for ids in processor.encode([" " + name for name in names])]
    worth = {}
    for name, count in zip(names, counts, strict=True):
        most = (3 + sum(map(bare.thirds, " " + name, name))) // 3
        if count <= MOST_TOKENS and most > count:
            worth[name] = (weights[name] * (most - count), name, count)
    chosen = sorted(worth.values(), reverse=True)[: options.words]
    words = {name: count for _, name, count in chosen}
    data = piece_facts.pack(PieceFacts(costs, pairs, words, multiplier))
    assert piece_facts.unpack(data).words == words
    options.out.write_bytes(data)
    print(f"{len(pairs)} pairs, {len(words)} words; wrote {options.out.name}, {len(data)} bytes")


if __name__ == "__main__":
    main()
