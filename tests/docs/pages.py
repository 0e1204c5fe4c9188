"""Reads the pages: which there are, their headings, links and code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "vi")
SECTIONS = ("tutorial", "how-to", "reference", "explanation", "evidence")
READMES = {"en": ROOT / "README.md", "vi": ROOT / "README.vi.md"}
OTHERS = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "samples/README.md")

ON_A_SERVER = "tests/stores_postgres runs this on a server"

_FENCE = re.compile(r"^(?P<indent> *)(?P<mark>```+|~~~+)(?P<info>.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_NOTE = re.compile(r"^<!-- (?P<key>not run|environment|program): (?P<value>.+) -->$")
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^()\s]*(?:\([^()]*\))?[^()\s]*)\)")
_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


class Block(NamedTuple):
    """One code block of a page, with the note in the line before it."""

    line: int
    kind: str
    title: str
    text: str
    note: tuple[str, str] | None

    @property
    def is_run(self) -> bool:
        """Whether the block runs, or is written to a file; else its note says why not."""
        return self.note is None or self.note[0] != "not run"

    @property
    def is_run_on_a_server(self) -> bool:
        """Whether only tests/stores_postgres runs the block, or compares its output."""
        return self.note == ("not run", ON_A_SERVER)

    @property
    def bare(self) -> str:
        """The code without comments and trailing blanks: what both languages must share."""
        lines = (
            re.sub(r"(^|\s)\s*#(?!!).*$", "", line).rstrip() for line in self.text.splitlines()
        )
        return "\n".join(line for line in lines if line)


class Link(NamedTuple):
    """One link of a page: its line, and its target as it is written."""

    line: int
    target: str


def every_page() -> list[Path]:
    """All pages of the documentation, and the texts beside it that link to them."""
    return [*sorted(DOCS.rglob("*.md")), *READMES.values(), *(ROOT / name for name in OTHERS)]


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, in order."""
    found: list[Block] = []
    begun: tuple[int, str, list[str], tuple[str, str] | None] | None = None
    note: tuple[str, str] | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if begun is not None:
            if fence and not fence["info"].strip():
                at, info, lines, before = begun
                title = _TITLE.search(info)
                kind = info.split()[0] if info.split() else ""
                text = "".join(f"{each}\n" for each in lines)
                found.append(Block(at, kind, title[1] if title else "", text, before))
                begun, note = None, None
            else:
                begun[2].append(line)
        elif fence:
            begun = (number, fence["info"].strip(), [], note)
        elif remark := _NOTE.match(line.strip()):
            note = (remark["key"], remark["value"])
        elif line.strip():
            note = None
    assert begun is None, f"{page}: the block of line {begun and begun[0]} has no end"
    return found


def _prose(page: Path) -> Iterator[tuple[int, str]]:
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            yield number, line


def links(page: Path) -> list[Link]:
    """The links of a page, pictures included, outside of code."""
    return [
        Link(number, found["target"])
        for number, line in _prose(page)
        for found in _LINK.finditer(_SPAN.sub("Code", line))
    ]


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get, as GitHub and the site make them."""
    found: set[str] = set()
    for _, line in _prose(page):
        if heading := re.match(r"#{1,6} +(.*?)(?: +#+)?$", line):
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
            slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
            number = 0
            while (unique := slug if not number else f"{slug}-{number}") in found:
                number += 1
            found.add(unique)
    return found
