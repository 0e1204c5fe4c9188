"""Every link of every page leads to a file and a heading that are there; both languages match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, LANGUAGES, ROOT, SECTIONS, anchors, every_page, links


def problem_of(page: Path, target: str) -> str | None:
    """What is wrong with a link, or None. Addresses on the web are not looked at."""
    if re.match(r"(?:https?|mailto):", target):
        return None
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    if not found.is_relative_to(ROOT):
        return "leads out of the repository"
    if not _is_there(found):
        return "leads to nothing"
    if anchor and (found.suffix != ".md" or anchor not in anchors(found)):
        return f"has no heading #{anchor}"
    return None


def _is_there(path: Path) -> bool:
    """Whether a path is there, written with the same capital letters (macOS and Windows do not mind)."""
    parts = path.relative_to(ROOT).parts
    return (
        all(
            part in {each.name for each in ROOT.joinpath(*parts[:at]).iterdir()}
            for at, part in enumerate(parts)
            if ROOT.joinpath(*parts[:at]).is_dir()
        )
        and path.exists()
    )


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        f"{page.relative_to(ROOT)}:{line}: {target} {problem}"
        for line, target in links(page)
        if (problem := problem_of(page, target))
    ]
    assert broken == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = DOCS / "en" / "index.md"
    assert problem_of(page, "nowhere.md") == "leads to nothing"
    assert problem_of(page, "../../../elsewhere.md") == "leads out of the repository"
    assert problem_of(page, "reference/cli.md#no-such-heading") == "has no heading #no-such-heading"
    assert problem_of(page, "Reference/cli.md") == "leads to nothing"
    assert problem_of(page, "reference/cli.md#export") is None


def test_both_languages_have_the_same_pages() -> None:
    english, vietnamese = (
        {path.relative_to(DOCS / language).as_posix() for path in (DOCS / language).rglob("*.md")}
        for language in LANGUAGES
    )
    assert english == vietnamese


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_stands_in_a_section_and_in_the_index(language: str) -> None:
    index = DOCS / language / "index.md"
    pages = {path for path in (DOCS / language).rglob("*.md") if path != index}
    assert {path.relative_to(DOCS / language).parts[0] for path in pages} == set(SECTIONS)
    listed = {(index.parent / link.target.partition("#")[0]).resolve() for link in links(index)}
    assert {path for path in pages if path not in listed} == set()
