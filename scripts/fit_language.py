"""Writes the lists of frequent words from which quotakeeper.tokens.language recognises a language.

    python scripts/fit_language.py --corpora ../shared/corpora

It reads only the odd documents of NTREX-128; the even ones are for tests. Each list is one line: label,
tab, the language's letters beyond ASCII, tab, words by falling frequency.
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections import Counter
from pathlib import Path

from fit_texts import read_ntrex

WORDS = 90
_LETTERS = re.compile(r"[^\W\d_]+")
# Only languages that their script does not identify.
_LABELS = """
    af ar bg ca cs da de en es et fa fi fr hi hr hu id is it kk lt lv mn mr ms nb nl pl pt ro
    ru sk sl sr sv sw tl tr uk ur vi
"""
OUT = Path(__file__).resolve().parent.parent / "src/quotakeeper/tokens/data/words.txt"


def without_marks(text: str) -> str:
    """Return Vietnamese without diacritics, as people type it without a Vietnamese keyboard."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def word_list(label: str, text: str) -> str:
    words = Counter(_LETTERS.findall(text))
    letters = Counter(char for char in text if char.isalpha() and not char.isascii())
    total = sum(words.values())
    own = sorted(char for char, times in letters.items() if times * 800 > total)
    frequent = sorted(words, key=lambda word: (-words[word], word))[:WORDS]
    return f"{label}\t{''.join(own)}\t{' '.join(frequent)}"


def main() -> None:
    parser = argparse.ArgumentParser(description="write the frequent-word lists")
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    sentences = read_ntrex(options.corpora, 0)
    lines = []
    for label in _LABELS.split():
        text = unicodedata.normalize("NFC", "\n".join(sentences[label]).lower())
        lines.append(word_list(label, text))
        if label == "vi":
            lines.append(word_list(label, without_marks(text)))
    options.out.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} lists, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
