"""Checks docs and docstrings against the rules of prose: `python tools/prose.py [ROOT]`.

- A sentence has at most 25 words.
- A sentence has no banned word: no metaphor, private word or vague word (`BANNED`).

A code span counts as one word. Code blocks and quoted output are not checked. In Vietnamese, the limit
is 40 syllables, because words are written as separate syllables.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORDS = 25
SYLLABLES = 40  # a Vietnamese word has 1.6 syllables on average
CODE = ("src", "tools", "run", "examples", "benchmarks", "tests")
PAGES = ("docs", "README.md", "README.vi.md", "CONTRIBUTING.md", "SECURITY.md")
LISTS = ("docs/en/evidence/reliability.md", "docs/vi/evidence/reliability.md")  # of counted cases
# A word -> its replacement. In a quotation, put the word in a code span.
BANNED = {
    "anew": "again",
    "aught": "anything",
    "befall": "happen to",
    "befallen": "happened to",
    "betimes": "early",
    "bookkeeping": "the ledger",
    "brake": "limit",
    "guess": "estimate",
    "henceforth": "from now on",
    "housekeeping": "maintenance",
    "lest": "so that ... not",
    "manieth": "n-th",
    "orphan": "reservation whose process ended",
    "orphans": "reservations whose process ended",
    "thereby": "so",
    "thereof": "of it",
    "thereupon": "then",
    "whence": "from where",
    "wherein": "in which",
    "whilst": "while",
}
_LISTED = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_FENCE = re.compile(r"^\s*(```|~~~)")
_END = re.compile(r"(?<=[.!?])[)\"'”’*_]*\s+(?=[\"'“(*_`\[]*[A-ZÀ-ỸĐ0-9`])")
_NO_END = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|No|sec|approx|v\.v|TP|vd)\.$")
_SPAN = re.compile(r"`+[^`]+`+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"<[^>]+>")
_WORD = re.compile(r"[^\W_](?:[\w'’.,/%+-]*[^\W_])?|\d")


class Offence(NamedTuple):
    """One sentence and what is wrong with it."""

    place: str
    line: int
    problem: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.problem}: {self.sentence}"


def offences(place: str, text: str) -> Iterator[Offence]:
    """Return every offence in one file. `place` is its path from the root, with forward slashes."""
    most = SYLLABLES if _is_vietnamese(place) else WORDS
    for line, block in _docstrings(text) if place.endswith(".py") else _blocks(text, 1):
        for sentence in sentences(block):
            words = _WORD.findall(sentence)
            if len(words) > most:
                yield Offence(place, line, f"{len(words)} words", sentence)
            for word in sorted({each.lower() for each in words} & BANNED.keys()):
                yield Offence(place, line, f"{word!r}, write {BANNED[word]!r}", sentence)


def sentences(block: str) -> Iterator[str]:
    """The sentences of one paragraph, list item or table cell, with code spans as one word."""
    plain = _SPAN.sub("Code", _LINK.sub(r"\1", _TAG.sub("", block)))
    begun = ""
    for part in _END.split(" ".join(plain.split())):
        begun = f"{begun} {part}".strip()
        if not _NO_END.search(begun):
            yield begun
            begun = ""
    if begun:
        yield begun


def _is_vietnamese(place: str) -> bool:
    return place.startswith("docs/vi/") or place.endswith(".vi.md")


def _docstrings(text: str) -> Iterator[tuple[int, str]]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, holders) and (said := ast.get_docstring(node)):
            yield from _blocks(said, node.body[0].lineno)


def _blocks(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Paragraphs, list items and table cells, each with the line that it begins on."""
    begun: list[str] = []
    at, fenced = first, False
    for number, line in enumerate([*text.splitlines(), ""], first):
        if _FENCE.match(line):
            fenced = not fenced
            line = ""
        elif fenced:
            continue
        is_cells = line.lstrip().startswith("|")
        alone = not line.strip() or is_cells or line.startswith("#")
        if begun and (alone or _LISTED.match(line)):
            yield at, " ".join(begun)
            begun = []
        if is_cells:
            yield from ((number, cell) for cell in line.strip().strip("|").split("|"))
        elif not alone and not line.startswith(("    ", "\t", ">>>")):
            at = at if begun else number
            begun.append(_LISTED.sub("", line))
    if begun:
        yield at, " ".join(begun)


def main(arguments: list[str]) -> int:
    """Print every offence. Returns 1 if there is one."""
    root = Path(arguments[0]) if arguments else ROOT
    found = [
        each for path in sorted(_files(root))
        for each in offences(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    print("\n".join(map(str, found)) or "no sentence is too long, no banned word")
    return 1 if found else 0


def _files(root: Path) -> Iterator[Path]:
    for name in CODE:
        yield from (root / name).rglob("*.py")
    lists = {root / name for name in LISTS}
    for name in PAGES:
        path = root / name
        found = path.rglob("*.md") if path.is_dir() else [path] if path.is_file() else []
        yield from (each for each in found if each not in lists)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
